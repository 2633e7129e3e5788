import type { TallyFeed } from '../../ports/tally-feed.ts'
import type { Clock } from '../clock.ts'
import type { ComparePolls } from './compare-polls.ts'
import type { FollowedPolls } from './followed-polls.ts'

/** A lost message is mended within two seconds: the longest wait, and a second for the reading. */
const checkEveryMs = 1000
/** Spread, so that the processes that started together do not ask together. */
const checkEveryMinMs = 700
/** After a gap all processes look at once; they spread over this time. */
const gapSpreadMs = 200

type Parts = {
  readonly compare: ComparePolls
  readonly feed: Pick<TallyFeed, 'subscribePollChanges'>
  readonly clock: Clock
  readonly report: (fault: unknown) => void
  readonly polls: () => FollowedPolls
}

/**
 * Keeps followed polls true although news may be lost: takes up changes of definitions, and compares versions once a second
 * and after every gap. A timer runs only while a poll is followed.
 */
export class Repair {
  readonly #parts: Parts
  #cancelNext: (() => void) | null = null
  #checking: Promise<void> | null = null
  #isGap = false
  #isRunning = false
  #changes: 'none' | 'asked' | (() => Promise<void>) = 'none'

  constructor(parts: Parts) {
    this.#parts = parts
  }

  start(): void {
    this.#isRunning = true
    this.#subscribeChanges()
    if (this.#cancelNext === null && this.#checking === null) this.#planNext()
  }

  /** News may have been lost: compare now rather than at the next turn. */
  soon(): void {
    if (!this.#isRunning || this.#isGap) return
    this.#isGap = true
    if (this.#checking === null) this.#planNext()
  }

  /** Nothing is followed any more. */
  rest(): void {
    this.#isRunning = false
    this.#cancelNext?.()
    this.#cancelNext = null
  }

  async stop(): Promise<void> {
    this.rest()
    await this.#checking
    if (typeof this.#changes === 'function') await this.#changes()
  }

  #planNext(): void {
    this.#cancelNext?.()
    const waitMs = this.#isGap
      ? Math.random() * gapSpreadMs
      : checkEveryMinMs + Math.random() * (checkEveryMs - checkEveryMinMs)
    this.#cancelNext = this.#parts.clock.after(waitMs, () => {
      this.#cancelNext = null
      this.#isGap = false
      this.#checking = this.#check()
    })
  }

  async #check(): Promise<void> {
    const { compare, polls, report } = this.#parts
    try {
      polls().sweep()
      this.#subscribeChanges()
      await compare(polls().all())
    } catch (fault) {
      report(fault)
    }
    this.#checking = null
    if (this.#isRunning) this.#planNext()
  }

  #subscribeChanges(): void {
    if (this.#changes !== 'none') return
    this.#changes = 'asked'
    const { feed, polls, report } = this.#parts
    feed
      .subscribePollChanges({
        onChange: ({ pollId, revision }) => {
          polls().forgetUnknown(pollId)
          polls().peek(pollId)?.catchUp({ revision, version: 0 }).catch(report)
        },
        onGap: () => this.soon(),
      })
      .then((unsubscribe) => {
        this.#changes = unsubscribe
        this.soon()
      })
      .catch((fault: unknown) => {
        this.#changes = 'none'
        report(fault)
      })
  }
}
