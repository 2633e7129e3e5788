// Step 4 of 4: update -> viewer. Keeps the polls that somebody looks at in memory and tells their viewers what is new.
import type { Poll } from '../domain/poll.ts'
import type { Tally } from '../domain/tally.ts'
import type { TallyFeed } from '../ports/tally-feed.ts'
import { type Clock, systemClock } from './clock.ts'
import { createComparePolls } from './watch-poll/compare-polls.ts'
import { FollowedPoll } from './watch-poll/follow-poll.ts'
import { type FollowLimits, FollowedPolls } from './watch-poll/followed-polls.ts'
import { createReadLivePoll, type LivePollSources } from './watch-poll/read-live-poll.ts'
import { Repair } from './watch-poll/repair-polls.ts'
import { createSharedRun } from './watch-poll/shared-run.ts'

/** A poll as this process knows it: definition and newest tally, always of one revision. */
export type LivePoll = { readonly poll: Poll; readonly tally: Tally }

export type Viewer = {
  /** The newest state; called at most once per poll and update interval, the first change at once, never with an older version. */
  onUpdate(live: LivePoll): void
  /** The poll is gone for good. */
  onDeleted(): void
}

export type WatchPoll = {
  /**
   * The poll as it is. Warm polls are answered from memory; any number of concurrent cold reads of one poll make one read
   * of the cache and, where that is empty, one of the store. Null for an unknown or deleted poll.
   */
  get(pollId: string): Promise<LivePoll | null>
  /** The poll as memory has it, at once; null where `get` would have to look further. */
  known(pollId: string): LivePoll | null
  /** The same with a definition of at least this revision, from the store where memory and cache are older. */
  getAtLeast(pollId: string, revision: number): Promise<LivePoll | null>
  /** The definition as the primary has it now; memory and cache take it over. */
  refresh(pollId: string): Promise<LivePoll | null>
  /** Follows the poll: the state now, then `onUpdate` until `stop()`. Null for an unknown or deleted poll. */
  watch(pollId: string, viewer: Viewer): Promise<{ readonly live: LivePoll; readonly stop: () => void } | null>
  viewerCount(): number
  /** Each poll that somebody watches at this process, and how many do. */
  viewerCounts(): ReadonlyMap<string, number>
  /** Ends all subscriptions. */
  stop(): Promise<void>
}

export type WatchPollOptions = LivePollSources & {
  readonly feed: Pick<TallyFeed, 'subscribe' | 'subscribePollChanges'>
  /** Least time between two updates of one poll. */
  readonly updateIntervalMs: number
  readonly clock?: Clock
  readonly limits?: Partial<FollowLimits>
}

/**
 * Nothing runs until the first poll is asked for. While the cache is away reads come from the primary, one at a time per poll;
 * while that is away too, they reject with `DependencyUnavailable`.
 */
export function createWatchPoll(options: WatchPollOptions): WatchPoll {
  const { feed, updateIntervalMs, report, clock = systemClock } = options
  const read = createReadLivePoll(options)
  const repair = new Repair({ feed, clock, report, compare: createComparePolls(options), polls: () => polls })
  const polls: FollowedPolls = new FollowedPolls({
    clock,
    limits: options.limits,
    report,
    onFirst: () => repair.start(),
    onLast: () => repair.rest(),
    create: (pollId, onDeleted) =>
      new FollowedPoll(pollId, { feed, read, clock, updateIntervalMs, report, onGap: () => repair.soon(), onDeleted }),
  })
  const refresh = createSharedRun(async (pollId) => {
    const fresh = await read(pollId, { isFresh: true })
    const followed = polls.peek(pollId)
    if (fresh === null) followed?.markDeleted()
    else followed?.takeLive(fresh)
    return fresh
  })

  return {
    async get(pollId) {
      return polls.find(pollId)?.live ?? (await polls.follow(pollId))?.live ?? null
    },
    known: (pollId) => polls.find(pollId)?.live ?? null,
    async getAtLeast(pollId, revision) {
      polls.forgetUnknown(pollId)
      const poll = await polls.follow(pollId)
      if (poll === null) return null
      if (poll.live !== null && poll.live.poll.revision < revision) await poll.catchUp({ revision, version: 0 })
      return poll.live
    },
    refresh,
    watch: (pollId, viewer) => polls.watch(pollId, viewer),
    viewerCount: () => polls.viewerCount,
    viewerCounts: () => new Map(polls.watched().map((poll) => [poll.pollId, poll.viewerCount])),
    async stop() {
      await repair.stop()
      await polls.stop()
    },
  }
}
