import type { Tally } from '../../domain/tally.ts'
import type { TallyFeed } from '../../ports/tally-feed.ts'
import type { Clock } from '../clock.ts'
import { type Conflation, createConflation } from './conflate-updates.ts'
import type { ReadLivePoll } from './read-live-poll.ts'
import { createViewers, type Viewers } from './tell-viewers.ts'
import type { LivePoll, Viewer } from '../watch-poll.ts'

/** A subscription that takes longer is not waited for: the poll is answered as it is, and looked at again once it stands. */
const subscribeWaitMs = 1000

/** How new somebody has seen a poll to be. */
export type Seen = { readonly revision: number; readonly version: number }

type Parts = {
  readonly feed: Pick<TallyFeed, 'subscribe'>
  readonly read: ReadLivePoll
  readonly clock: Clock
  readonly updateIntervalMs: number
  readonly report: (fault: unknown) => void
  /** News may have been lost: compare with the cache soon. */
  readonly onGap: () => void
  readonly onDeleted: () => void
}

/** One poll in the memory of this process: what is known of it, who watches it, and the subscription that keeps it new. */
export class FollowedPoll {
  readonly pollId: string
  readonly #parts: Parts
  readonly #viewers: Viewers
  readonly #conflation: Conflation
  #live: LivePoll | null = null
  /** Came before the first read did; compared with it afterwards. */
  #early: Tally | null = null
  #isClosed = false
  #subscription: 'none' | 'asked' | (() => Promise<void>) = 'none'
  #seen: Seen = { revision: 0, version: 0 }
  #reading: Promise<void> | null = null

  constructor(pollId: string, parts: Parts) {
    this.pollId = pollId
    this.#parts = parts
    this.#viewers = createViewers(() => this.#live)
    this.#conflation = createConflation(parts.updateIntervalMs, parts.clock, this.#viewers.show)
  }

  /** What is known; null until `begin` has found the poll, and again once it is gone. */
  get live(): LivePoll | null {
    return this.#live
  }

  get viewerCount(): number {
    return this.#viewers.size()
  }

  /** Subscribes and reads the poll. False for an unknown or deleted one. */
  async begin(): Promise<boolean> {
    const found = await this.#parts.read(this.pollId, { onFound: () => this.#subscribe() })
    if (found === null) return false
    this.takeLive(found)
    if (this.#early !== null) this.takeTally(this.#early)
    // A change that was told of while the poll was being read.
    if (this.#isBehind()) this.#catchUpLater(this.#seen)
    return this.#live !== null
  }

  /** News from wherever; taken only where it is newer than what is known. */
  takeLive(next: LivePoll): void {
    if (this.#isClosed || (this.#live !== null && next.tally.version <= this.#live.tally.version)) return
    this.#live = next
    if (this.viewerCount > 0) this.#conflation.changed()
  }

  takeTally(tally: Tally): void {
    const live = this.#live
    if (live === null) {
      if (this.#early === null || tally.version > this.#early.version) this.#early = tally
    } else if (tally.version > live.tally.version) {
      if (tally.revision === live.poll.revision) this.takeLive({ poll: live.poll, tally })
      else this.#catchUpLater(tally)
    }
  }

  /** Reads again where this poll is older than what somebody has seen. Rejects when reading fails. */
  async catchUp(seen: Seen): Promise<void> {
    this.#seen = {
      revision: Math.max(this.#seen.revision, seen.revision),
      version: Math.max(this.#seen.version, seen.version),
    }
    this.#reading ??= this.#readAgain().finally(() => {
      this.#reading = null
    })
    await this.#reading
  }

  /** Subscribes where the feed was away when this poll was first read. */
  async ensureSubscribed(): Promise<void> {
    if (!this.#isClosed) await this.#subscribe()
  }

  addViewer(viewer: Viewer): () => void {
    return this.#viewers.add(viewer)
  }

  /** The poll is gone for good: tells the viewers. */
  markDeleted(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#live = null
    this.#conflation.stop()
    this.#viewers.end()
    this.#parts.onDeleted()
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#conflation.stop()
    // One that is still asked for ends itself as soon as it stands.
    if (typeof this.#subscription === 'function') await this.#subscription()
  }

  #isBehind(): boolean {
    const live = this.#live
    return live !== null && (live.tally.version < this.#seen.version || live.poll.revision < this.#seen.revision)
  }

  async #readAgain(): Promise<void> {
    while (!this.#isClosed && this.#isBehind()) {
      const before = this.#live
      const next = await this.#parts.read(this.pollId, { revision: this.#seen.revision })
      if (next === null) return this.markDeleted()
      this.takeLive(next)
      // What was seen is not there to be read: the next comparison tries again, rather than this loop for ever.
      if (this.#live === before) return
    }
  }

  #catchUpLater(seen: Seen): void {
    this.catchUp(seen).catch(this.#parts.report)
  }

  async #subscribe(): Promise<void> {
    if (this.#subscription !== 'none') return
    this.#subscription = 'asked'
    const { feed, clock, onGap, report } = this.#parts
    const { promise: waited, resolve: stopWaiting } = Promise.withResolvers<boolean>()
    const cancel = clock.after(subscribeWaitMs, () => stopWaiting(false))
    feed
      .subscribe(this.pollId, { onTally: (tally) => this.takeTally(tally), onGap })
      .then(async (unsubscribe) => {
        this.#subscription = unsubscribe
        stopWaiting(true)
        if (this.#isClosed) await unsubscribe()
        else if (!(await waited)) onGap()
      })
      .catch((fault: unknown) => {
        this.#subscription = 'none'
        stopWaiting(true)
        report(fault)
      })
    await waited
    cancel()
  }
}
