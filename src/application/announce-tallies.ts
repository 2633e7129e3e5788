// Step 3 of 4: ledger -> update. Reads what the ledger adds up to after a commit and tells caches and viewers.
import type { PollStore } from '../ports/poll-store.ts'
import type { Tallies } from '../ports/tallies.ts'
import type { TallyCache } from '../ports/tally-cache.ts'
import type { TallyFeed } from '../ports/tally-feed.ts'
import { createKeepGrowing } from './announce-tallies/keep-growing.ts'
import { ALL_UNANNOUNCED, settledSweep, type Sweep, sweepAnew, takeStep } from './announce-tallies/sweep.ts'

const POLLS_PER_READ_MAX = 500
const RETRY_FIRST_MS = 50
const RETRY_LONGEST_MS = 2000
/** A change that is older than this and unannounced was left behind by a worker that died. */
const SETTLED_MS = 1000

export type AnnounceLimits = {
  /** Polls of one step of a sweep. What is noted meanwhile goes out between two steps. */
  readonly sweptPollsMax: number
  /** Polls that wait by their ids; while news cannot go out, more of them are left to a sweep. */
  readonly waitingPollsMax: number
}

export const ANNOUNCE_LIMITS: AnnounceLimits = { sweptPollsMax: 5_000, waitingPollsMax: 20_000 }

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
  /** Announces until the signal aborts, then what still waits, once. What fails then, and the rest of a sweep, is left to the next owner's. */
  run(signal: AbortSignal): Promise<void>
}

type Waiting = {
  readonly changed: Set<string>
  /** Each poll that ends while news cannot go out, once. */
  readonly closing: Set<string>
  /** By partition: the commit before which everything is announced once nothing of this waits, and no sweep is under way. */
  readonly marks: Map<number, number>
  sweep: Sweep | null
  acceptedAt: number | null
}

/**
 * Any number of commits during one run of news become one next run: a poll with a thousand commits a second is read as often as
 * reading and publishing allow, never more, and the newest tally is always the one that goes out.
 *
 * A sweep takes as many runs as it needs, and until its last one nothing counts as announced: whoever dies in the middle of it leaves all
 * of it to the next owner.
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
  limits: AnnounceLimits = ANNOUNCE_LIMITS,
): AnnounceTallies {
  let waiting = nothingWaiting()
  const announced = new Map<number, number>()
  let wake: () => void = () => {}
  const growing = createKeepGrowing(ports, hooks)

  /** Returns where the sweep goes on; null where none is under way any more. */
  async function announce(work: Waiting): Promise<Sweep | null> {
    const { pollIds: swept, rest } = await sweepOn(work.sweep)
    if (work.sweep !== null) for (const pollId of await growing.check()) work.changed.add(pollId)
    for (const pollId of work.closing) {
      if (await ports.tallies.finalise(pollId)) await announceDefinition(pollId)
      work.changed.add(pollId)
    }
    const pollIds = [...new Set([...work.changed, ...swept])]
    for (let start = 0; start < pollIds.length; start += POLLS_PER_READ_MAX) {
      const tallies = await growing.read(pollIds.slice(start, start + POLLS_PER_READ_MAX))
      await Promise.all(
        tallies.map((tally) => Promise.all([ports.cache.putTally(tally), ports.feed.publishTally(tally)])),
      )
    }
    return rest
  }

  async function sweepOn(sweep: Sweep | null): Promise<{ pollIds: readonly string[]; rest: Sweep | null }> {
    if (sweep === null) return { pollIds: [], rest: null }
    const found = await ports.tallies.unannounced(sweep.settledMs, sweep.after, limits.sweptPollsMax)
    return takeStep(sweep, found, limits.sweptPollsMax)
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

  /** Nothing is lost where too many wait: none of them counts as announced yet, so a sweep finds them all. */
  function addChanged(pollIds: Iterable<string>): void {
    for (const pollId of pollIds) waiting.changed.add(pollId)
    if (waiting.changed.size <= limits.waitingPollsMax) return
    waiting.changed.clear()
    waiting.sweep = sweepAnew(waiting.sweep)
  }

  /** What failed, or goes on, waits again beside what came meanwhile. */
  function putBack(work: Waiting): void {
    // Whatever began meanwhile began with nothing under way here.
    if (waiting.sweep === ALL_UNANNOUNCED) waiting.sweep = sweepAnew(work.sweep)
    else waiting.sweep = work.sweep ?? waiting.sweep
    addChanged(work.changed)
    for (const pollId of work.closing) waiting.closing.add(pollId)
    for (const [partition, mark] of work.marks) {
      if (!waiting.marks.has(partition)) waiting.marks.set(partition, mark)
    }
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
        const rest = await announce(work)
        if (rest === null) {
          for (const [partition, mark] of work.marks) announced.set(partition, mark)
        } else if (!signal.aborted) {
          putBack({ ...nothingWaiting(), marks: work.marks, sweep: rest })
        }
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
      waiting.sweep = sweepAnew(waiting.sweep)
      wake()
    },
    note(partition, { recordedAt, pollIds, closingIds, acceptedAt }) {
      addChanged(pollIds)
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
      waiting.sweep ??= settledSweep(SETTLED_MS)
      wake()
    },
    run,
  }
}

function nothingWaiting(): Waiting {
  return { changed: new Set(), closing: new Set(), marks: new Map(), sweep: null, acceptedAt: null }
}

function isEmpty({ changed, closing, marks, sweep }: Waiting): boolean {
  return changed.size + closing.size + marks.size === 0 && sweep === null
}
