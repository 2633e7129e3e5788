// Step 3 of 4: ledger -> update. Reads what the ledger adds up to after a commit and tells caches and viewers.
import type { PollStore } from '../ports/poll-store.ts'
import type { Tallies } from '../ports/tallies.ts'
import type { TallyCache } from '../ports/tally-cache.ts'
import type { TallyFeed } from '../ports/tally-feed.ts'
import { createKeepGrowing } from './announce-tallies/keep-growing.ts'

const POLLS_PER_RUN_MAX = 500
const SWEPT_POLLS_MAX = 10_000
const RETRY_FIRST_MS = 50
const RETRY_LONGEST_MS = 2000
/** A change that is older than this and unannounced was left behind by a worker that died. */
const SETTLED_MS = 1000

export type CommitNews = {
  readonly recordedAt: number
  readonly pollIds: readonly string[]
  /** Those whose close marker it recorded. */
  readonly closingIds: readonly string[]
  /** When its newest vote was accepted, by the stream's clock, in milliseconds since 1970; null without one. */
  readonly acceptedAt: number | null
}

export type AnnounceTallies = {
  /** A partition was taken over: what its former owner left unannounced is announced before anything counts as announced. */
  takeOver(partition: number, recordedAt: number): void
  /** A commit has changed these polls. */
  note(partition: number, news: CommitNews): void
  /** The latest commit of this partition before which everything is announced; 0 where that is not known. */
  announcedUntil(partition: number): number
  /** The partition is no longer ours. */
  forget(partition: number): void
  /** Announces what other workers recorded and nobody announced. */
  sweep(): void
  /** Announces until the signal aborts, then what still waits, once. What fails then is left to the next owner's sweep. */
  run(signal: AbortSignal): Promise<void>
}

type Waiting = {
  readonly changed: Set<string>
  readonly closing: Set<string>
  readonly marks: Map<number, number>
  sweepSettledMs: number | null
  acceptedAt: number | null
}

/**
 * Any number of commits during one run of news become one next run: a poll with a thousand commits a second is read as often as
 * reading and publishing allow, never more, and the newest tally is always the one that goes out.
 */
export function createAnnounceTallies(
  ports: { tallies: Tallies; polls: PollStore; cache: TallyCache; feed: TallyFeed },
  hooks: {
    readonly onError: (error: unknown) => void
    /** News went out whose newest vote was accepted then. */
    readonly onAnnounced: (acceptedAt: number) => void
    /** The ledger had lost commits that viewers have seen; the poll's version is above them again. */
    readonly onFellBack: (pollId: string, seen: number) => void
    readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>
  },
): AnnounceTallies {
  let waiting = nothingWaiting()
  const announced = new Map<number, number>()
  let wake: () => void = () => {}
  const growing = createKeepGrowing(ports, hooks)

  async function announce(work: Waiting): Promise<void> {
    if (work.sweepSettledMs !== null) {
      for (const pollId of await ports.tallies.unannounced(work.sweepSettledMs, SWEPT_POLLS_MAX)) {
        work.changed.add(pollId)
      }
      for (const pollId of await growing.check()) work.changed.add(pollId)
    }
    for (const pollId of work.closing) {
      if (await ports.tallies.finalise(pollId)) await announceDefinition(pollId)
      work.changed.add(pollId)
    }
    const pollIds = [...work.changed]
    for (let start = 0; start < pollIds.length; start += POLLS_PER_RUN_MAX) {
      const tallies = await growing.read(pollIds.slice(start, start + POLLS_PER_RUN_MAX))
      await Promise.all(
        tallies.map((tally) => Promise.all([ports.cache.putTally(tally), ports.feed.publishTally(tally)])),
      )
    }
  }

  async function announceDefinition(pollId: string): Promise<void> {
    const poll = await ports.polls.find(pollId)
    if (poll === null) return
    await ports.cache.putPoll(poll)
    await ports.feed.publishPollChange({ pollId, revision: poll.revision })
  }

  function take(): Waiting | null {
    if (isEmpty(waiting)) return null
    const work = waiting
    waiting = nothingWaiting()
    return work
  }

  /** What failed waits again, beside what came meanwhile. */
  function putBack(work: Waiting): void {
    for (const pollId of work.changed) waiting.changed.add(pollId)
    for (const pollId of work.closing) waiting.closing.add(pollId)
    for (const [partition, mark] of work.marks) {
      if (!waiting.marks.has(partition)) waiting.marks.set(partition, mark)
    }
    waiting.sweepSettledMs = lower(waiting.sweepSettledMs, work.sweepSettledMs)
    waiting.acceptedAt ??= work.acceptedAt
  }

  async function run(signal: AbortSignal): Promise<void> {
    let retryMs = RETRY_FIRST_MS
    signal.addEventListener('abort', () => wake(), { once: true })
    for (;;) {
      const work = take()
      if (work === null) {
        if (signal.aborted) return
        await new Promise<void>((resolve) => {
          wake = resolve
        })
        continue
      }
      try {
        await announce(work)
        for (const [partition, mark] of work.marks) announced.set(partition, mark)
        if (work.acceptedAt !== null) hooks.onAnnounced(work.acceptedAt)
        retryMs = RETRY_FIRST_MS
      } catch (error) {
        hooks.onError(error)
        putBack(work)
        if (signal.aborted) return
        await hooks.sleep(retryMs * (0.5 + Math.random()), signal)
        retryMs = Math.min(retryMs * 2, RETRY_LONGEST_MS)
      }
    }
  }

  return {
    takeOver(partition, recordedAt) {
      announced.delete(partition)
      waiting.marks.set(partition, recordedAt)
      waiting.sweepSettledMs = 0
      wake()
    },
    note(partition, { recordedAt, pollIds, closingIds, acceptedAt }) {
      for (const pollId of pollIds) waiting.changed.add(pollId)
      for (const pollId of closingIds) waiting.closing.add(pollId)
      waiting.marks.set(partition, recordedAt)
      waiting.acceptedAt = acceptedAt ?? waiting.acceptedAt
      wake()
    },
    announcedUntil: (partition) => announced.get(partition) ?? 0,
    forget(partition) {
      announced.delete(partition)
      waiting.marks.delete(partition)
    },
    sweep() {
      waiting.sweepSettledMs = lower(waiting.sweepSettledMs, SETTLED_MS)
      wake()
    },
    run,
  }
}

function nothingWaiting(): Waiting {
  return { changed: new Set(), closing: new Set(), marks: new Map(), sweepSettledMs: null, acceptedAt: null }
}

function isEmpty({ changed, closing, marks, sweepSettledMs }: Waiting): boolean {
  return changed.size + closing.size + marks.size === 0 && sweepSettledMs === null
}

function lower(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b
  return Math.min(a, b)
}
