// Step 4 of 4: update -> viewer. Keeps the polls that somebody looks at in memory and tells their viewers what is new.
import type { Poll } from '../domain/poll.ts'
import type { Tally } from '../domain/tally.ts'

/** A poll as this process knows it: definition and newest tally. The tally's revision may be newer than the definition's for a moment. */
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
  /** The same with a definition of at least this revision, from the store where memory and cache are older. */
  getAtLeast(pollId: string, revision: number): Promise<LivePoll | null>
  /** The definition as the primary has it now; memory and cache take it over. */
  refresh(pollId: string): Promise<LivePoll | null>
  /** Follows the poll: the state now, then `onUpdate` until `stop()`. Null for an unknown or deleted poll. */
  watch(pollId: string, viewer: Viewer): Promise<{ readonly live: LivePoll; readonly stop: () => void } | null>
  viewerCount(): number
  /** Ends all subscriptions. */
  stop(): Promise<void>
}
