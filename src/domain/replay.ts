import type { Poll } from './poll.ts'
import { partitionOf, type PositionedVote, type SetAsideReason } from './vote.ts'

/**
 * What came of trying to record anew a vote that was set aside.
 *
 * - `recorded`: it counts, since this replay or an earlier one.
 * - `superseded`: the voter's row shows a later vote, or the same choice already; nothing is to be done.
 * - A reason: the ledger refuses it still, or by now. The first vote of `already_voted` stays the one that counts.
 * - `poll_final`, `round_over`: its round has a result that nobody changes any more. `poll_not_open`: its round has not begun.
 * - `not_a_vote`: a close marker; the schedule asks for a new one by itself.
 * - `not_set_aside`: nothing was set aside at this place.
 */
export type ReplayOutcome =
  | 'recorded'
  | 'superseded'
  | SetAsideReason
  | 'poll_final'
  | 'round_over'
  | 'poll_not_open'
  | 'not_a_vote'
  | 'not_set_aside'

/**
 * Whether the poll lets this vote, which lies in `partition`, be recorded late; null where it does, and the rule of the ledger decides. A poll
 * that is closing lets it: the vote was accepted before the end, and once the partition has its close marker the ledger
 * refuses by itself.
 */
export function judgeReplay(
  poll: Pick<Poll, 'status' | 'round' | 'partitions'> | undefined,
  { round, voter }: Pick<PositionedVote, 'round' | 'voter'>,
  partition: number,
): ReplayOutcome | null {
  if (poll === undefined || poll.status === 'deleted') return 'poll_unknown'
  if (partitionOf(voter, poll.partitions) !== partition) return 'partition_wrong'
  if (round < poll.round) return 'round_over'
  if (round > poll.round) return 'poll_not_open'
  switch (poll.status) {
    case 'draft':
    case 'scheduled':
      return 'poll_not_open'
    case 'open':
    case 'closing':
      return null
    case 'closed':
      return 'poll_final'
  }
}
