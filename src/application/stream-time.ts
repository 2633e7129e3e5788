import type { VoteDoor } from '../ports/vote-door.ts'

/** Time by the clock of the stream, as all processes share it. */
export type StreamTime = {
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** Asks the stream again and again until the signal aborts. Never rejects: while the stream is away the time goes on. */
  keep(signal: AbortSignal): Promise<void>
}

const ASK_EVERY_MS = 5_000

/**
 * What one api issues with an end (tickets, sessions) another one judges, so both must mean the same time, and the clocks of two
 * machines may be an hour apart. Rejects where the stream cannot be asked the first time.
 */
export async function createStreamTime(
  door: Pick<VoteDoor, 'now'>,
  hooks: {
    readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>
    readonly report: (fault: unknown) => void
  },
): Promise<StreamTime> {
  let aheadMs = await ask()

  /** By how much the stream's clock is ahead of the time since this process began, which nobody sets. */
  async function ask(): Promise<number> {
    return (await door.now()) - performance.now()
  }

  return {
    now: () => Math.round(performance.now() + aheadMs),
    async keep(signal) {
      while (!signal.aborted) {
        await hooks.sleep(ASK_EVERY_MS, signal)
        if (signal.aborted) return
        try {
          aheadMs = await ask()
        } catch (fault) {
          hooks.report(fault)
        }
      }
    },
  }
}
