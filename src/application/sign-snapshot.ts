// Beside the flow: reads all votes of a final round, and signs what they add up to.
import { sign } from 'node:crypto'
import type { FinalResult, SignedResult } from '../../contract/messages.ts'
import type { Poll } from '../domain/poll.ts'
import { refuse, type Refused } from '../domain/refusal.ts'
import type { Tally } from '../domain/tally.ts'
import type { PollSnapshot } from '../ports/poll-snapshots.ts'
import { canonicalJson } from './canonical-json.ts'
import { digestVotes, type LedgerDigest } from './ledger-digest.ts'
import type { ResultKeys } from './result-keys.ts'

/** `text` is the whole signed document in canonical form, so that what was signed stands in it as it was signed. */
export type SignedPoll = { readonly poll: Poll; readonly text: string }

/**
 * The signed result of the snapshot's round, where that is final; of a round whose votes were pruned the one that was signed before. Throws
 * where the ledger does not hold what the tally says.
 */
export type SignSnapshot = (snapshot: PollSnapshot | null) => Promise<SignedPoll | Refused>

/** `issuer`: where people reach the service; null where nobody has said so. */
export function createSignSnapshot(resultKeys: ResultKeys, issuer: string | null): SignSnapshot {
  return async (snapshot) => {
    if (snapshot === null || snapshot.poll.status === 'deleted') return notFound
    const { poll, tally } = snapshot
    if (!tally.resultsFinal) return notFinal
    const pruned = await snapshot.pruned(poll.round)
    if (pruned !== null) return pruned.signedResult === null ? votesPruned : { poll, text: pruned.signedResult }
    const ledger = await digestVotes(snapshot.votesByVoter(poll.round))
    refuseDifference(tally, ledger)
    return { poll, text: canonicalJson(signResult(describeResult(poll, tally, ledger, issuer), resultKeys)) }
  }
}

function signResult(result: FinalResult, { signingKey, published: [{ id }] }: ResultKeys): SignedResult {
  const value = sign(null, Buffer.from(canonicalJson(result)), signingKey).toString('base64')
  return { result, signature: { algorithm: 'Ed25519', key_id: id, value } }
}

function describeResult(poll: Poll, tally: Tally, ledger: LedgerDigest, issuer: string | null): FinalResult {
  return {
    format: 'tallycast.result.v1',
    issuer,
    poll_id: poll.id,
    question: poll.question,
    description: poll.description,
    type: poll.type,
    options: poll.options.map(({ id, text }) => ({ id, text, votes: ledger.counts.get(id) ?? 0 })),
    min_choices: poll.minChoices,
    max_choices: poll.maxChoices,
    voter_identity: poll.voterIdentity,
    allow_vote_change: poll.allowVoteChange,
    opened_at: timeText(poll.openedAt),
    closed_at: timeText(poll.closedAt),
    edited_at: timeText(poll.editedAt),
    round: poll.round,
    revision: poll.revision,
    version: tally.version,
    total_votes: ledger.votes,
    ledger: { algorithm: 'sha-256', votes: ledger.votes, digest: ledger.digest },
  }
}

/** Somebody wrote to the database past us. A recount says what differs; nothing is repaired, and nobody vouches for it. */
function refuseDifference(tally: Tally, ledger: LedgerDigest): void {
  const published = new Map(tally.optionIds.map((id, index) => [id, tally.counts[index] ?? 0]))
  const optionIds = new Set([...published.keys(), ...ledger.counts.keys()])
  const isSame = [...optionIds].every((id) => (published.get(id) ?? 0) === (ledger.counts.get(id) ?? 0))
  if (isSame && tally.totalVotes === ledger.votes) return
  throw new Error(`tally and ledger differ: nothing is signed of poll ${tally.pollId}, round ${tally.round}`)
}

function timeText(time: number | null): string | null {
  return time === null ? null : new Date(time).toISOString()
}

const notFound = refuse('poll_not_found', 'There is no such poll.')
export const votesPruned = refuse('votes_pruned', 'The votes of this round are kept no longer. Its totals are.')
export const notFinal = refuse(
  'poll_not_final',
  'A result is signed when it is final: once the poll is closed and every vote counted.',
)
