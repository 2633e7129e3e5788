import { DependencyUnavailable } from '../../ports/unavailable.ts'
import type { Clock } from '../clock.ts'
import type { FollowedPoll } from './follow-poll.ts'
import { createQueue } from '../queue.ts'
import { createUnknownPolls, type UnknownPolls } from './unknown-polls.ts'
import type { LivePoll, Viewer } from '../watch-poll.ts'

export type FollowLimits = {
  /** Polls that nobody watches, kept because they were read lately. */
  readonly unwatchedMax: number
  readonly unwatchedIdleMs: number
  /** How exactly it is kept when a poll was last used: to the read, it would cost each of them. */
  readonly unwatchedStepMs: number
  readonly unknownMax: number
  readonly unknownMs: number
  /** Polls that are read for the first time at the same moment; more wait in line. */
  readonly coldReadsMax: number
  readonly coldReadsWaitingMax: number
}

const followLimits: FollowLimits = {
  unwatchedMax: 10_000,
  unwatchedIdleMs: 60_000,
  unwatchedStepMs: 1000,
  unknownMax: 10_000,
  unknownMs: 1000,
  coldReadsMax: 64,
  coldReadsWaitingMax: 10_000,
}

const watchAttemptsMax = 3

type Parts = {
  readonly clock: Clock
  readonly limits: Partial<FollowLimits> | undefined
  readonly create: (pollId: string, onDeleted: () => void) => FollowedPoll
  readonly report: (fault: unknown) => void
  /** The first poll is followed, the last one is left: whatever must run meanwhile. */
  readonly onFirst: () => void
  readonly onLast: () => void
}

/** The polls that this process follows, those that it is about to, and the ids that it knows to be nothing. */
export class FollowedPolls {
  readonly #parts: Parts
  readonly #limits: FollowLimits
  readonly #unknown: UnknownPolls
  readonly #queue: <Answer>(run: () => Promise<Answer>) => Promise<Answer>
  readonly #followed = new Map<string, FollowedPoll>()
  readonly #beginning = new Map<string, { poll: FollowedPoll; begun: Promise<FollowedPoll | null> }>()
  /** When each poll without viewers was last used, to `unwatchedStepMs`, the longest ago first. */
  readonly #unwatched = new Map<string, number>()
  #viewers = 0

  constructor(parts: Parts) {
    this.#parts = parts
    this.#limits = { ...followLimits, ...parts.limits }
    this.#unknown = createUnknownPolls(parts.clock, this.#limits.unknownMax, this.#limits.unknownMs)
    this.#queue = createQueue({
      runningMax: this.#limits.coldReadsMax,
      waitingMax: this.#limits.coldReadsWaitingMax,
      full: () => new DependencyUnavailable('cache', 'too many polls are read for the first time at once'),
    })
  }

  /** The poll, if it is followed; counts as use. */
  find(pollId: string): FollowedPoll | null {
    const poll = this.#followed.get(pollId)
    if (poll === undefined) return null
    this.#touch(poll)
    return poll
  }

  /** Like `find`, for news: does not count as use, and sees polls that are only being taken up. */
  peek(pollId: string): FollowedPoll | null {
    return this.#followed.get(pollId) ?? this.#beginning.get(pollId)?.poll ?? null
  }

  all(): FollowedPoll[] {
    return [...this.#followed.values()]
  }

  watched(): FollowedPoll[] {
    return this.all().filter((poll) => poll.viewerCount > 0)
  }

  get viewerCount(): number {
    return this.#viewers
  }

  /** The followed poll, taken up now where it was not. Everybody who asks meanwhile waits for the same. */
  async follow(pollId: string): Promise<FollowedPoll | null> {
    const known = this.find(pollId)
    if (known !== null) return known
    const beginning = this.#beginning.get(pollId)
    if (beginning !== undefined) return beginning.begun
    if (this.#unknown.has(pollId)) return null
    const poll = this.#parts.create(pollId, () => {
      this.#unknown.add(pollId)
      this.#drop(pollId)
    })
    const begun = this.#begin(poll)
    this.#beginning.set(pollId, { poll, begun })
    return begun
  }

  async watch(pollId: string, viewer: Viewer): Promise<{ readonly live: LivePoll; readonly stop: () => void } | null> {
    for (let attempt = 0; attempt < watchAttemptsMax; attempt += 1) {
      const poll = await this.follow(pollId)
      const live = poll?.live ?? null
      if (poll === null || live === null) return null
      // It may have been dropped for others between its beginning and this line; then it would never tell anything.
      if (this.#followed.get(pollId) === poll) return { live, stop: this.#addViewer(poll, viewer) }
    }
    throw new DependencyUnavailable('cache', `no room to follow poll ${pollId}`)
  }

  forgetUnknown(pollId: string): void {
    this.#unknown.forget(pollId)
  }

  /** Lets go of the polls that nobody has used for a while. */
  sweep(): void {
    const idleSince = this.#parts.clock.now() - this.#limits.unwatchedIdleMs
    for (const [pollId, usedAt] of this.#unwatched) {
      if (usedAt > idleSince) break
      this.#drop(pollId)
    }
  }

  async stop(): Promise<void> {
    await Promise.allSettled([...this.#beginning.values()].map(({ begun }) => begun))
    const polls = this.all()
    this.#followed.clear()
    this.#unwatched.clear()
    await Promise.allSettled(polls.map((poll) => poll.close()))
  }

  async #begin(poll: FollowedPoll): Promise<FollowedPoll | null> {
    const { pollId } = poll
    let isFollowed = false
    try {
      isFollowed = await this.#queue(() => poll.begin())
      if (!isFollowed) this.#unknown.add(pollId)
    } finally {
      this.#beginning.delete(pollId)
      if (!isFollowed) await poll.close()
    }
    if (!isFollowed) return null
    this.#followed.set(pollId, poll)
    this.#touch(poll)
    const [oldest] = this.#unwatched.keys()
    if (this.#unwatched.size > this.#limits.unwatchedMax && oldest !== undefined) this.#drop(oldest)
    if (this.#followed.size === 1) this.#parts.onFirst()
    return poll
  }

  #addViewer(poll: FollowedPoll, viewer: Viewer): () => void {
    const remove = poll.addViewer(viewer)
    this.#viewers += 1
    this.#unwatched.delete(poll.pollId)
    let isWatching = true
    return () => {
      if (!isWatching) return
      isWatching = false
      this.#viewers -= 1
      remove()
      if (this.#followed.get(poll.pollId) === poll) this.#touch(poll)
    }
  }

  #touch(poll: FollowedPoll): void {
    if (poll.viewerCount > 0) return
    const now = this.#parts.clock.now()
    const usedAt = this.#unwatched.get(poll.pollId)
    if (usedAt !== undefined && now - usedAt < this.#limits.unwatchedStepMs) return
    this.#unwatched.delete(poll.pollId)
    this.#unwatched.set(poll.pollId, now)
  }

  #drop(pollId: string): void {
    const poll = this.#followed.get(pollId)
    if (poll === undefined) return
    this.#followed.delete(pollId)
    this.#unwatched.delete(pollId)
    poll.close().catch(this.#parts.report)
    if (this.#followed.size === 0) this.#parts.onLast()
  }
}
