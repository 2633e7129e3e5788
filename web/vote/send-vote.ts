import { type AcceptedVote, type Client, type OwnVote, TallycastError } from '../../client/src/index.ts'
import type { Message } from '../i18n/say.ts'
import { tellFault } from '../i18n/tell-fault.ts'
import type { SentVote } from './ballot.ts'

/** What came of sending a vote. Without an answer that settles it, the same vote is to be sent again, not before `retryAfterMs`. */
export type Delivery =
  | { readonly answer: 'accepted'; readonly voteId: string }
  | { readonly answer: 'none'; readonly isReached: boolean; readonly retryAfterMs: number }
  | { readonly answer: 'refused'; readonly problem: Message }
  /** Refused, because the poll is not in the round for which it was meant. */
  | { readonly answer: 'begun_anew' }
  /** Refused, because this voter has a vote already: this one, where the service tells. */
  | { readonly answer: 'had_voted'; readonly problem: Message; readonly ownVote: OwnVote | null }

export type Sending = {
  /** Resolves when the service knows whose vote this will be. */
  readonly beginSession: () => Promise<void>
  readonly signal: AbortSignal
}

/** Sends a vote, for its round and no other, as often as the client tries. Rejects with the signal's reason, never for what the service says. */
export async function sendVote(
  client: Pick<Client, 'vote' | 'change' | 'retract' | 'ownVote'>,
  pollId: string,
  vote: SentVote,
  { beginSession, signal }: Sending,
): Promise<Delivery> {
  try {
    await beginSession()
    const { vote_id: voteId } = await castVote(client, pollId, vote, signal)
    return { answer: 'accepted', voteId }
  } catch (error) {
    if (!(error instanceof TallycastError)) throw error
    if (mayPass(error)) return { answer: 'none', isReached: isAnswer(error), retryAfterMs: error.retryAfterMs ?? 0 }
    if (error.code === 'round_not_current') return { answer: 'begun_anew' }
    const problem = tellFault(error.code, error.message)
    if (error.code !== 'already_voted' && error.code !== 'code_used') return { answer: 'refused', problem }
    return { answer: 'had_voted', problem, ownVote: await client.ownVote(pollId, { signal }).catch(() => null) }
  }
}

async function castVote(
  client: Pick<Client, 'vote' | 'change' | 'retract'>,
  pollId: string,
  { kind, optionIds, key, round }: SentVote,
  signal: AbortSignal,
): Promise<AcceptedVote> {
  switch (kind) {
    case 'cast':
      return client.vote(pollId, optionIds, { key, round, signal })
    case 'change':
      return client.change(pollId, optionIds, { key, round, signal })
    case 'retract':
      return client.retract(pollId, { key, round, signal })
  }
}

/** Whether the service has said anything. What cannot be read comes from something in between, as the sign-in page of a hotel. */
function isAnswer({ code }: TallycastError): boolean {
  return code !== 'unreachable' && code !== 'unreadable'
}

function mayPass(error: TallycastError): boolean {
  return !isAnswer(error) || error.status === 429 || error.status >= 500
}
