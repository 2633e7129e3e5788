import type { Tally } from '../domain/tally.ts'

/** News, as fast as possible and without a promise of arrival: listeners compare versions, and repair from the cache. */
export type TallyFeed = {
  /** `traceparent`, where given, reaches the listeners beside the tally: where its news stands in a trace that is followed. */
  publishTally(tally: Tally, traceparent?: string): Promise<void>
  publishPollChange(change: PollChange): Promise<void>
  /**
   * Calls the listener with every tally of this poll that is published from now on, until the returned function is called.
   * MUST hold one subscription per poll and process, whatever the number of listeners, and MUST take it up again after a
   * lost connection; `onGap` is then called, because news may have been missed.
   */
  subscribe(
    pollId: string,
    listener: { onTally: (tally: Tally, traceparent?: string) => void; onGap: () => void },
  ): Promise<() => Promise<void>>
  /** The same for changes of any poll's definition. */
  subscribePollChanges(listener: {
    onChange: (change: PollChange) => void
    onGap: () => void
  }): Promise<() => Promise<void>>
}

/** A poll's definition or status has a new revision. */
export type PollChange = { readonly pollId: string; readonly revision: number }
