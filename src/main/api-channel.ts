import type { ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { on, once } from 'node:events'
import type { Measured } from '../runtime/process-registry.ts'
import type { Shown } from './role.ts'

/** What an api process that has no OPS_PORT of its own and the one that started it say to each other. */
const ready = 'ready'
type Told = { readonly isReady: boolean; readonly measured: Measured }
type Question = { readonly asked: string; readonly wanted: keyof Told }
type Answer<Wanted extends keyof Told> = { readonly answered: string; readonly told: Told[Wanted] }

/** Who does not answer in this time has no time. */
const answerWithinMs = 1_000

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
  return ask(child, 'measured')
}

/** Resolves when a child says that it takes requests; rejects where it says that it does not, or nothing in time. */
export async function hearReady(child: ChildProcess): Promise<void> {
  if ((await ask(child, 'isReady')) !== true) throw new Error('this api process takes no requests')
}

async function ask<Wanted extends keyof Told>(child: ChildProcess, wanted: Wanted): Promise<Told[Wanted] | null> {
  if (!child.connected) return null
  const asked = randomUUID()
  const answers = on(child, 'message', { signal: AbortSignal.timeout(answerWithinMs) })
  child.send({ asked, wanted } satisfies Question, () => undefined)
  try {
    for await (const [answer] of answers) {
      const { answered, told } = answer as Answer<Wanted> // Nothing else is said by a child that serves.
      // Another one may be late, to somebody who waits no more.
      if (answered === asked) return told
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
export async function answerParent({ registry, log, isReady }: Shown): Promise<AsyncDisposable> {
  const answer = async ({ asked, wanted }: Question): Promise<void> => {
    const told = wanted === 'isReady' ? await isReady() : await registry.getMetricsAsJSON()
    tell({ answered: asked, told } satisfies Answer<keyof Told>)
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
