import { type Refused, refuse } from '../domain/refusal.ts'
import type { VoteLedger } from '../ports/vote-ledger.ts'
import type { VoteIds } from './vote-id.ts'
import type { WatchPoll } from './watch-poll.ts'

/** `accepted`: in the log. `recorded`: in the ledger, and it is what counts. `superseded`: a later vote of this voter counts. */
export type ReceiptStatus = 'accepted' | 'recorded' | 'superseded'

/** Never says what was chosen: whoever sees a receipt may not be the voter. */
export type Receipt = { readonly pollId: string; readonly round: number; readonly status: ReceiptStatus }

export type ReadReceipt = (voteId: string) => Promise<Receipt | Refused>

/** What has become of a vote. The id itself leads to the voter's row. */
export function createReadReceipt(
  voteIds: Pick<VoteIds, 'open'>,
  watchPoll: Pick<WatchPoll, 'get'>,
  ledger: Pick<VoteLedger, 'find'>,
): ReadReceipt {
  return async (voteId) => {
    const vote = voteIds.open(voteId)
    if (vote === null || (await watchPoll.get(vote.pollId)) === null) return notFound
    const { pollId, round, voter, position } = vote
    const row = await ledger.find(pollId, round, voter)
    if (row === null || row.position < position) return { pollId, round, status: 'accepted' }
    return { pollId, round, status: row.position === position ? 'recorded' : 'superseded' }
  }
}

const notFound = refuse('vote_not_found', 'There is no such vote.')
