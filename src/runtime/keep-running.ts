import type { ChildProcess } from 'node:child_process'
import type { Log } from './log.ts'
import type { StopStep } from './process-identity.ts'
import { hasEnded, signalAtExit, stopChild } from './stop-child.ts'
import { backoffMs, sleep } from './stop-signal.ts'

const restartBackoff = { baseMs: 200, maxMs: 5_000 }
/** What ends sooner than this after its start has failed to start. */
const steadyAfterMs = 10_000

/** A child process that is known to have started. */
export type Running = { readonly child: ChildProcess; readonly pid: number }

type KeepRunningOptions = {
  readonly name: string
  readonly log: Log
  readonly stopSteps: readonly StopStep[]
  /** What it gets where this process exits before it; else SIGTERM, and on the way of a stop its last step. */
  readonly atExit?: NodeJS.Signals
  /** Starts it anew where the first one stood; rejects when that does not work this time. */
  readonly startAgain: (signal: AbortSignal) => Promise<Running>
  /** False: after a crash it stays away. */
  readonly isRestarted: boolean
}

export type KeptServer = {
  /** The process that runs now, or the last one that did. */
  readonly pid: () => number
  /** Ends it for good. */
  readonly stop: () => Promise<void>
}

/**
 * Looks after a server of ours: should it end unasked (a crash, a `kill -9`), it is started again until that succeeds or the
 * stop is asked for, ever less often while it fails or ends again soon. Whoever uses the server meets a pause and then the same address.
 */
export const keepRunning = (
  first: Running,
  { name, log, stopSteps, atExit, startAgain, isRestarted }: KeepRunningOptions,
): KeptServer => {
  const stopping = new AbortController()
  let running = first
  let restarting: Promise<void> = Promise.resolve()
  let startedAt = performance.now()
  let failures = 0

  const restart = async (): Promise<void> => {
    failures = performance.now() - startedAt < steadyAfterMs ? failures + 1 : 0
    for (; ; failures += 1) {
      if (failures > 0) await sleep(backoffMs(failures - 1, restartBackoff), stopping.signal)
      if (stopping.signal.aborted) return
      try {
        running = await startAgain(stopping.signal)
        startedAt = performance.now()
        log.warn({ serverPid: running.pid }, `${name} runs again`)
        return watch()
      } catch (error) {
        if (stopping.signal.aborted) return
        log.error({ err: error }, `${name} could not be started again yet`)
      }
    }
  }
  const onExit = (exitCode: number | null, endedBy: NodeJS.Signals | null): void => {
    if (stopping.signal.aborted || !isRestarted) return
    log.error({ exitCode, endedBy }, `${name} ended unasked; starting it again`)
    restarting = restart()
  }
  const watch = (): void => {
    const { child } = running
    if (hasEnded(child)) onExit(child.exitCode, child.signalCode)
    else {
      child.once('exit', onExit)
      // Whoever lets go of everything at once, asked twice or after a bug, leaves nothing running either.
      signalAtExit(child, atExit ?? 'SIGTERM')
    }
  }

  watch()
  return {
    pid: () => running.pid,
    stop: async () => {
      stopping.abort(new Error(`${name} is being stopped`))
      await restarting
      const isGone = await stopChild(running.child, stopSteps, atExit)
      if (!isGone) log.error({ serverPid: running.pid }, `${name} did not stop`)
    },
  }
}
