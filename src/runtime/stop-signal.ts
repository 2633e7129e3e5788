import type { Log } from './log.ts'
import { StopRequested } from './setup-problem.ts'

const defaultShutdownTimeoutMs = 10_000
const pollEveryMs = 20
/** A terminal sends Ctrl-C to npm and to us, and npm passes it on: what comes so soon is the first signal once more. */
const sameSignalMs = 500

type StopSignalOptions = {
  readonly log: Log
  readonly shutdownTimeoutMs?: number
  /** Ends the process at once, whatever still runs. Given by a test; else `process.exit`. */
  readonly endNow?: (exitCode: number) => void
  /** Milliseconds that only grow. Given by a test. */
  readonly now?: () => number
}

export type StopSignal = {
  readonly signal: AbortSignal
  /** Asks for the stop from inside, as the first signal would. */
  readonly stop: (reason: string) => void
  /** Takes the handlers off the process. A time limit that runs goes on: it ends what should have left nothing running, and did. */
  readonly [Symbol.dispose]: () => void
}

/**
 * Turns SIGINT and SIGTERM into an AbortSignal. The first asks everything that runs to end, so that the event loop empties
 * by itself; the second, or the time limit, ends the process at once. The timer alone keeps nothing alive.
 */
export const createStopSignal = ({
  log,
  shutdownTimeoutMs = defaultShutdownTimeoutMs,
  endNow = (exitCode) => process.exit(exitCode),
  now = () => performance.now(),
}: StopSignalOptions): StopSignal => {
  const controller = new AbortController()
  let firstAt = -Infinity

  const stop = (reason: string): void => {
    if (controller.signal.aborted) return
    log.info({ reason }, 'stopping')
    const hardEnd = setTimeout(() => {
      log.error({ shutdownTimeoutMs }, 'did not stop in time; ending now')
      endNow(1)
    }, shutdownTimeoutMs)
    hardEnd.unref()
    controller.abort(new StopRequested(`stopped by ${reason}`))
  }
  const onSignal = (name: NodeJS.Signals): void => {
    if (!controller.signal.aborted) {
      firstAt = now()
      return stop(name)
    }
    if (now() - firstAt < sameSignalMs) return
    log.warn({ reason: name }, 'asked to stop a second time; ending now')
    endNow(1)
  }

  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  return {
    signal: controller.signal,
    stop,
    [Symbol.dispose]: () => {
      process.off('SIGINT', onSignal)
      process.off('SIGTERM', onSignal)
    },
  }
}

/** Waits `ms`, or less when asked to stop: the caller looks at the signal, nothing is thrown. */
export const sleep = async (ms: number, signal?: AbortSignal): Promise<void> => {
  if (signal?.aborted) return
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, ms)
  const wake = (): void => resolve()
  signal?.addEventListener('abort', wake, { once: true })
  await promise
  clearTimeout(timer)
  signal?.removeEventListener('abort', wake)
}

type Backoff = { readonly baseMs: number; readonly maxMs: number }

/**
 * How long to wait before attempt number `attempt` (0 = the first repetition). Full jitter: anything between nothing and
 * a ceiling that doubles, so that many who failed together do not come back together.
 */
export const backoffMs = (attempt: number, { baseMs, maxMs }: Backoff, random: () => number = Math.random): number =>
  Math.floor(random() * Math.min(maxMs, baseMs * 2 ** Math.min(attempt, 30)))

type WaitLimits = {
  readonly withinMs: number
  readonly everyMs?: number
  readonly signal?: AbortSignal | undefined
}

/** Asks until `condition` holds. False when the time is up or the stop was asked for first. */
export const waitFor = async (
  condition: () => boolean | Promise<boolean>,
  { withinMs, everyMs = pollEveryMs, signal }: WaitLimits,
): Promise<boolean> => {
  const deadline = performance.now() + withinMs
  for (;;) {
    if (await condition()) return true
    if (signal?.aborted || performance.now() >= deadline) return false
    await sleep(everyMs, signal)
  }
}
