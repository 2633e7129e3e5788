import type { Poll } from '../../domain/poll.ts'
import type { Tally } from '../../domain/tally.ts'
import type { PollStore } from '../../ports/poll-store.ts'
import type { Tallies } from '../../ports/tallies.ts'
import type { TallyCache } from '../../ports/tally-cache.ts'
import { DependencyUnavailable } from '../../ports/unavailable.ts'
import type { LivePoll } from '../watch-poll.ts'

/** Definition and tally are read apart, so an edit can fall between them; more than this many in a row is a fault. */
const attemptsMax = 4

export type LivePollSources = {
  readonly cache: TallyCache
  readonly store: Pick<PollStore, 'find'>
  readonly tallies: Pick<Tallies, 'read'>
  /** How long the cache keeps what can change no more: final and deleted polls. */
  readonly finalPollCacheMs: number
  /** Told of every fault that was got round, so that somebody can see it. */
  readonly report: (fault: unknown) => void
}

export type WantedPoll = {
  /** The definition must have at least this revision. */
  readonly revision?: number
  /** Ask the primary alone: the caller knows that something has changed, not what. */
  readonly isFresh?: boolean
  /** Runs once the poll is known to exist, before its tally is read: the place to subscribe to news. */
  readonly onFound?: () => Promise<void>
}

export type ReadLivePoll = (pollId: string, wanted?: WantedPoll) => Promise<LivePoll | null>

/**
 * Reads definition and tally of one revision: from the cache where it has them, else from the primary, filling the cache.
 *
 * Two that do not fit together never leave this file. Counts of a new round under the rules of the old one, or under the
 * visibility that an edit has just taken back, would show people what they may not see.
 */
export function createReadLivePoll(sources: LivePollSources): ReadLivePoll {
  const { cache, store, tallies, finalPollCacheMs, report } = sources

  async function fill(pollId: string, isFinal: boolean, put: () => Promise<void>): Promise<void> {
    try {
      await put()
      if (isFinal) await cache.expire(pollId, finalPollCacheMs)
    } catch (fault) {
      report(fault)
    }
  }

  async function fromCache<Kept>(read: () => Promise<Kept | null>): Promise<Kept | null> {
    try {
      return await read()
    } catch (fault) {
      report(fault)
      return null
    }
  }

  async function findPoll(pollId: string, revisionMin: number, isFresh: boolean): Promise<Poll | null> {
    const kept = isFresh ? null : await fromCache(() => cache.getPoll(pollId))
    if (kept !== null && kept.revision >= revisionMin) return kept
    const poll = await store.find(pollId)
    if (poll !== null) await fill(pollId, isOver(poll), () => cache.putPoll(poll))
    return poll
  }

  async function findTally(poll: Poll, isFresh: boolean): Promise<Tally | null> {
    const kept = isFresh ? null : await fromCache(() => cache.getTally(poll.id))
    if (kept !== null && kept.revision >= poll.revision) return kept
    const [tally] = await tallies.read([poll.id])
    if (tally === undefined) return null
    await fill(poll.id, tally.resultsFinal, () => cache.putTally(tally))
    return tally
  }

  return async (pollId, { revision = 0, isFresh = false, onFound } = {}) => {
    let revisionMin = revision
    for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
      const isPrimaryOnly = isFresh || attempt > 0
      const poll = await findPoll(pollId, revisionMin, isPrimaryOnly)
      if (poll === null || poll.status === 'deleted') return null
      if (attempt === 0) await onFound?.()
      const tally = await findTally(poll, isPrimaryOnly)
      if (tally === null || tally.status === 'deleted') return null
      if (tally.revision === poll.revision) return { poll, tally }
      revisionMin = tally.revision
    }
    throw new DependencyUnavailable('ledger', `poll ${pollId} changes faster than it can be read`)
  }
}

function isOver(poll: Poll): boolean {
  return poll.status === 'closed' || poll.status === 'deleted'
}
