import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { type KeptServer, keepRunning, type Running } from '../runtime/keep-running.ts'
import { measureApiProcesses } from '../runtime/metrics.ts'
import { hasEnded, stopChild } from '../runtime/stop-child.ts'
import { SetupProblem } from '../runtime/setup-problem.ts'
import { askMeasured, hearReady, servesSoon } from './api-channel.ts'
import { checkPortIsFree } from './http-port.ts'
import type { RoleContext, RunRole } from './role.ts'
import { startChild } from './start-child.ts'

const readyWithinMs = 30_000
/** Of a child that did not end in time, which ends itself by then. */
const killWithinMs = 1_000

/** API_PROCESSES processes with the api's role that share its port. Answers while one of them does; one that ends unasked is started again. */
export const runApiProcesses: RunRole = async (context, onReady) => {
  const { config, registry, signal } = context
  await checkPortIsFree(config)
  const serving = new Set<ChildProcess>()
  const { restarted } = measureApiProcesses(registry, () => serving.size)
  registry.answerFor(async () => {
    const measured = await Promise.all([...serving].map(askMeasured))
    return measured.filter((one) => one !== null)
  })

  const leaving = new AbortController()
  const stopping = AbortSignal.any([signal, leaving.signal])
  const parts: Parts = { ...context, signal: stopping, serving, restarted }
  const starting = Array.from({ length: config.apiProcesses }, async (_, index) => keepApiProcess(index + 1, parts))
  try {
    await Promise.race(starting)
    onReady(async () => isAnyReady(serving))
    await Promise.all(starting)
    if (!signal.aborted) await once(signal, 'abort')
  } finally {
    leaving.abort()
    const started = await Promise.allSettled(starting)
    await Promise.all(started.map(async (one) => one.status === 'fulfilled' && one.value.stop()))
  }
}

/** Whoever stands still holds up nobody who hears it from another. */
async function isAnyReady(serving: ReadonlySet<ChildProcess>): Promise<boolean> {
  return Promise.any([...serving].map(hearReady)).then(
    () => true,
    () => false,
  )
}

type Parts = Pick<RoleContext, 'config' | 'log' | 'signal'> & {
  /** Those that serve now. */
  readonly serving: Set<ChildProcess>
  readonly restarted: () => void
}

async function keepApiProcess(number: number, parts: Parts): Promise<KeptServer> {
  const { config, log, signal, restarted } = parts
  const first = await launch(number, parts, signal)
  return keepRunning(first, {
    name: `api process ${number}`,
    log,
    stopSteps: stopStepsOf(config),
    isRestarted: true,
    async startAgain(again) {
      const running = await launch(number, parts, again)
      restarted()
      return running
    },
  })
}

/** Resolves when the process serves. Rejects when it does not in time, and has ended it by then. */
async function launch(number: number, { config, log, serving }: Parts, signal: AbortSignal): Promise<Running> {
  const child = startChild('api-process.ts', [String(number)], config)
  child.on('error', (err) => log.error({ err, number }, 'an api process cannot be spoken to'))
  child.once('exit', () => serving.delete(child))
  const { pid } = child
  const isServing = await servesSoon(child, AbortSignal.any([signal, AbortSignal.timeout(readyWithinMs)]))
  if (isServing && pid !== undefined) {
    if (!hasEnded(child)) serving.add(child)
    return { child, pid }
  }
  if (pid !== undefined) await stopChild(child, stopStepsOf(config))
  signal.throwIfAborted()
  throw new SetupProblem(`api process ${number} did not become ready`, 'read its messages above, or set LOG_LEVEL=info')
}

function stopStepsOf({ shutdownTimeoutMs }: Parts['config']) {
  return [
    // One that was stopped hears of nothing else before it goes on.
    { signal: 'SIGCONT', withinMs: 0 },
    { signal: 'SIGTERM', withinMs: shutdownTimeoutMs },
    { signal: 'SIGKILL', withinMs: killWithinMs },
  ] as const
}
