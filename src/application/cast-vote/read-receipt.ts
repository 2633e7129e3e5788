import { type Refused, refuse } from '../../domain/refusal.ts'
import { partitionOf } from '../../domain/vote.ts'
import type { VoteLedger } from '../../ports/vote-ledger.ts'
import type { VoteIds } from './vote-id.ts'
import type { WatchPoll } from '../watch-poll.ts'

/**
 * `accepted`: in the log. `recorded`: in the ledger, and it is what counts. `superseded`: a later vote of this voter counts.
 * `set_aside`: it could not be recorded, and is kept with the reason.
 */
export type ReceiptStatus = 'accepted' | 'recorded' | 'superseded' | 'set_aside'

/** Never says what was chosen: whoever sees a receipt may not be the voter. */
export type Receipt = { readonly pollId: string; readonly round: number; readonly status: ReceiptStatus }

export type ReadReceipt = (voteId: string) => Promise<Receipt | Refused>

/** What has become of a vote. The id itself leads to the voter's row. */
export function createReadReceipt(
  voteIds: Pick<VoteIds, 'open'>,
  watchPoll: Pick<WatchPoll, 'get'>,
  ledger: Pick<VoteLedger, 'find' | 'isSetAside'>,
): ReadReceipt {
  return async (voteId) => {
    const vote = voteIds.open(voteId)
    const poll = vote && (await watchPoll.get(vote.pollId))?.poll
    if (!vote || !poll) return notFound
    const { pollId, round, voter, position } = vote
    const row = await ledger.find(pollId, round, voter)
    if (row !== null && row.position >= position) {
      return { pollId, round, status: row.position === position ? 'recorded' : 'superseded' }
    }
    const isSetAside = await ledger.isSetAside(partitionOf(voter, poll.partitions), position)
    return { pollId, round, status: isSetAside ? 'set_aside' : 'accepted' }
  }
}

const notFound = refuse('vote_not_found', 'There is no such vote.')
