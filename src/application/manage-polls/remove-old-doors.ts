import type { PollStore } from '../../ports/poll-store.ts'
import type { PollDoors } from './poll-doors.ts'

const passEveryMs = 60_000
const pollsPerPassMax = 500

/**
 * Removes the doors, and with them the voters, of rounds that ended long ago, so that the stream's memory holds only what is
 * voted on. Runs until the signal aborts; any number of these at once are harmless. Never rejects.
 */
export function createRemoveOldDoors(parts: {
  readonly polls: Pick<PollStore, 'listWithOldDoors' | 'markDoorsRemoved'>
  readonly doors: Pick<PollDoors, 'remove'>
  /** How long the doors stay after the end of a round. */
  readonly keptMs: number
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>
  readonly report: (fault: unknown) => void
}): { run(signal: AbortSignal): Promise<void> } {
  const { polls, doors, keptMs, sleep, report } = parts

  async function pass(signal: AbortSignal): Promise<void> {
    for (const { poll, endedRound } of await polls.listWithOldDoors(keptMs, pollsPerPassMax)) {
      if (signal.aborted) return
      await doors.remove(poll)
      await polls.markDoorsRemoved(poll.id, endedRound)
    }
  }

  return {
    async run(signal) {
      while (!signal.aborted) {
        try {
          await pass(signal)
        } catch (fault) {
          report(fault)
        }
        await sleep(passEveryMs, signal)
      }
    },
  }
}
