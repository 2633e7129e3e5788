import type { Poll } from '../../domain/poll.ts'
import { type Refused, refuseForNow } from '../../domain/refusal.ts'
import type { Tallies } from '../../ports/tallies.ts'
import type { PollDoors } from './poll-doors.ts'

export type ClosePollParts = {
  readonly doors: Pick<PollDoors, 'shut'>
  readonly tallies: Pick<Tallies, 'finalise'>
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>
}

const shutRetryMs = { first: 20, most: 500 }
/** Most closes are final within milliseconds; whoever closed sees the result at once then. */
const finalWaitMs = { total: 1000, each: 25 }

/**
 * Brings a poll that the store calls closing to its end: every door shut, retried until the signal aborts, then a moment's wait
 * for the markers to be recorded. Null when all doors are shut, whether the result is final by then or not: from there on no
 * vote is accepted, and the schedule's sweep does the rest.
 */
export function createClosePoll({ doors, tallies, sleep }: ClosePollParts) {
  async function shutAll(poll: Poll, signal: AbortSignal): Promise<boolean> {
    for (let waitMs = shutRetryMs.first; ; waitMs = Math.min(waitMs * 2, shutRetryMs.most)) {
      if ((await doors.shut(poll, false)) === 0) return true
      if (!signal.aborted) await sleep(waitMs, signal)
      if (signal.aborted) return false
    }
  }

  return async (poll: Poll, signal: AbortSignal): Promise<Refused | null> => {
    if (!(await shutAll(poll, signal))) {
      return refuseForNow(
        'unavailable',
        'The poll is closing, and some votes may still be let in. Ask for the close again.',
      )
    }
    for (let waitedMs = 0; waitedMs < finalWaitMs.total && !signal.aborted; waitedMs += finalWaitMs.each) {
      if (await tallies.finalise(poll.id)) break
      await sleep(finalWaitMs.each, signal)
    }
    return null
  }
}
