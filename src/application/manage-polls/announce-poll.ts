import type { Poll } from '../../domain/poll.ts'
import type { PollStore } from '../../ports/poll-store.ts'
import type { Tallies } from '../../ports/tallies.ts'
import type { TallyCache } from '../../ports/tally-cache.ts'
import type { TallyFeed } from '../../ports/tally-feed.ts'
import type { PollDoors } from './poll-doors.ts'

export type AnnouncePollParts = {
  readonly polls: Pick<PollStore, 'markAnnounced'>
  readonly doors: Pick<PollDoors, 'follow'>
  readonly tallies: Pick<Tallies, 'read'>
  readonly cache: Pick<TallyCache, 'putPoll' | 'putTally' | 'expire'>
  readonly feed: Pick<TallyFeed, 'publishPollChange' | 'publishTally'>
  /** How long the cache keeps what can change no more: final and deleted polls. */
  readonly finalPollCacheMs: number
}

/**
 * Rejects where somebody could not be told; the poll then stays unannounced, and the schedule's sweep tells them again.
 * `shut`: nobody was told, because the poll is open and one of its doors is shut; the poll has to be closed.
 */
export type AnnouncePoll = (poll: Poll) => Promise<'done' | 'shut'>

/**
 * Tells doors, caches and viewers what the store already keeps, in the order in which a crash does least harm: the doors
 * first, because they decide about votes; that everybody knows is noted last.
 */
export function createAnnouncePoll(parts: AnnouncePollParts): AnnouncePoll {
  const { polls, doors, tallies, cache, feed, finalPollCacheMs } = parts

  return async (poll) => {
    if ((await doors.follow(poll)) === 'shut') return 'shut'
    const [tally] = await tallies.read([poll.id])
    await cache.putPoll(poll)
    if (tally !== undefined) await cache.putTally(tally)
    if (poll.status === 'closed' || poll.status === 'deleted') await cache.expire(poll.id, finalPollCacheMs)
    await feed.publishPollChange({ pollId: poll.id, revision: poll.revision })
    if (tally !== undefined) await feed.publishTally(tally)
    await polls.markAnnounced(poll.id, poll.revision)
    return 'done'
  }
}
