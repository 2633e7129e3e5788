import type { Poll, PollStatus } from './poll.ts'

/**
 * The counts of a poll's current round over all its partitions, read in one snapshot together with the definition's
 * revision and status.
 *
 * `version` is the number of changes of the poll so far: the changed votes of all rounds plus the revision. It only
 * grows, also over a reset, so of two tallies of a poll the one with the higher version is the newer one, and two with the
 * same version are the same.
 */
export type Tally = {
  readonly pollId: string
  readonly round: number
  readonly version: number
  readonly revision: number
  readonly status: PollStatus
  /** Votes per option: `counts[i]` belongs to `optionIds[i]`; every option of the poll is there. */
  readonly optionIds: readonly number[]
  readonly counts: readonly number[]
  /** Votes with a selection; the base of percentages. In a multiple-choice poll the counts may sum higher. */
  readonly totalVotes: number
  /** When the snapshot was read, by the clock of the ledger, in milliseconds since 1970. */
  readonly asOf: number
  /** True once no vote can change the counts of this round any more. */
  readonly resultsFinal: boolean
}

/** The classes of people that results may be shown to or kept from. */
export type Audience = 'public' | 'voted' | 'organiser'

/**
 * Whether this audience may see counts, total and version. `after_vote` shows them to voters at once and to everybody when
 * the result is final; `after_close` when it is final; `never` to the organiser only.
 */
export function maySeeResults(poll: Pick<Poll, 'resultsVisibility' | 'status'>, audience: Audience): boolean {
  if (audience === 'organiser') return true
  switch (poll.resultsVisibility) {
    case 'always':
      return true
    case 'after_vote':
      return audience === 'voted' || poll.status === 'closed'
    case 'after_close':
      return poll.status === 'closed'
    case 'never':
      return false
  }
}

/**
 * Whether this audience may see single votes, of voters without names: never more than who may see results. `secret` keeps them from
 * the organiser too.
 */
export function maySeeVotes(
  poll: Pick<Poll, 'resultsVisibility' | 'status' | 'voterVisibility'>,
  audience: Audience,
): boolean {
  if (!maySeeResults(poll, audience)) return false
  switch (poll.voterVisibility) {
    case 'secret':
      return false
    case 'organizer':
      return audience === 'organiser'
    case 'public':
      return true
  }
}

/** Whether what this audience sees is the same for everybody, so that shared caches may keep it. */
export function isSameForEverybody(poll: Pick<Poll, 'resultsVisibility' | 'status'>): boolean {
  return poll.resultsVisibility === 'always' || (poll.resultsVisibility !== 'never' && poll.status === 'closed')
}
