import type { ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { on, once } from 'node:events'
import type { Measured } from '../runtime/process-registry.ts'
import type { Shown } from './role.ts'

/** What an api process that has no OPS_PORT of its own and the one that started it say to each other. */
const ready = 'ready'
type Question = { readonly asked: string }
type Answer = { readonly answered: string; readonly measured: Measured }

/** Who does not answer in this time has no time. */
const measureWithinMs = 1_000

/** Resolves with whether the child serves: not where it ends instead, or the signal aborts. */
export async function servesSoon(child: ChildProcess, signal: AbortSignal): Promise<boolean> {
  const says = once(child, 'message', { signal }).then(
    () => true,
    () => false,
  )
  const ends = once(child, 'exit', { signal }).then(
    () => false,
    () => false,
  )
  return Promise.race([says, ends])
}

/** What a child that serves has measured; null where it does not answer in time. */
export async function askMeasured(child: ChildProcess): Promise<Measured | null> {
  if (!child.connected) return null
  const asked = randomUUID()
  const answers = on(child, 'message', { signal: AbortSignal.timeout(measureWithinMs) })
  child.send({ asked }, () => undefined)
  try {
    for await (const [answer] of answers) {
      const { answered, measured } = answer as Answer // Nothing else is said by a child that serves.
      // Another one may be late, to somebody who waits no more.
      if (answered === asked) return measured
    }
  } catch {
    // The time is up.
  }
  return null
}

export function tellReady(): void {
  tell(ready)
}

/** Answers whoever started this process, in the place of an OPS_PORT. */
export async function answerParent({ registry, log }: Shown): Promise<AsyncDisposable> {
  const answer = async ({ asked }: Question): Promise<void> => {
    const measured = await registry.getMetricsAsJSON()
    tell({ answered: asked, measured } satisfies Answer)
  }
  const onMessage = (question: Question): void => {
    answer(question).catch((err: unknown) => log.error({ err }, 'an operator’s request failed'))
  }
  process.on('message', onMessage)
  return {
    async [Symbol.asyncDispose]() {
      process.off('message', onMessage)
    },
  }
}

/** Whoever is gone hears nothing; this process ends by that. */
function tell(message: unknown): void {
  process.send?.(message, undefined, undefined, () => undefined)
}
