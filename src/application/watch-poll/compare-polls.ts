import type { Tally } from '../../domain/tally.ts'
import type { Tallies } from '../../ports/tallies.ts'
import type { TallyCache } from '../../ports/tally-cache.ts'
import type { FollowedPoll, Seen } from './follow-poll.ts'

const pollsPerCheck = 500
/** Polls read again at the same time after a comparison. */
const readsPerStep = 32

type Parts = {
  readonly cache: Pick<TallyCache, 'versions' | 'putTally' | 'putPoll'>
  readonly tallies: Pick<Tallies, 'read'>
  readonly report: (fault: unknown) => void
}

export type ComparePolls = (polls: readonly FollowedPoll[]) => Promise<void>

/**
 * Compares followed polls with the cache by their versions alone, and reads again those that are behind. Where the cache is
 * away the primary is asked; where it has lost a poll, it also gets that poll back.
 */
export function createComparePolls({ cache, tallies, report }: Parts): ComparePolls {
  async function seenIn(polls: readonly FollowedPoll[]): Promise<ReadonlyMap<FollowedPoll, Seen>> {
    const kept = await cache.versions(polls.map((poll) => poll.pollId)).catch((fault: unknown) => {
      report(fault)
      return null
    })
    const seen = new Map<FollowedPoll, Seen>()
    for (const [index, poll] of polls.entries()) {
      const { version = null, revision = null } = kept?.[index] ?? {}
      if (version !== null && revision !== null) seen.set(poll, { version, revision })
    }
    const missing = polls.filter((poll) => !seen.has(poll))
    if (missing.length === 0) return seen
    const read = await tallies.read(missing.map((poll) => poll.pollId))
    const fresh = new Map(read.map((tally) => [tally.pollId, tally]))
    for (const poll of missing) {
      const tally = fresh.get(poll.pollId)
      // The primary does not know it any more: reading the next revision will say that it is gone.
      seen.set(poll, tally ?? { version: 0, revision: (poll.live?.poll.revision ?? 0) + 1 })
      if (kept !== null && tally !== undefined) await putBack(poll, tally)
    }
    return seen
  }

  async function putBack(poll: FollowedPoll, tally: Tally): Promise<void> {
    try {
      await cache.putTally(tally)
      if (poll.live !== null) await cache.putPoll(poll.live.poll)
    } catch (fault) {
      report(fault)
    }
  }

  return async (polls) => {
    for (let from = 0; from < polls.length; from += pollsPerCheck) {
      const seen = [...(await seenIn(polls.slice(from, from + pollsPerCheck)))]
      for (let step = 0; step < seen.length; step += readsPerStep) {
        await Promise.all(seen.slice(step, step + readsPerStep).map(([poll, newest]) => repair(poll, newest)))
      }
    }
  }

  async function repair(poll: FollowedPoll, newest: Seen): Promise<void> {
    try {
      await poll.ensureSubscribed()
      await poll.catchUp(newest)
    } catch (fault) {
      report(fault)
    }
  }
}
