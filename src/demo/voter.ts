import type { Client } from '../../client/src/client.ts'
import { TallycastError } from '../../client/src/errors.ts'

/** What became of one vote. */
export type VoteOutcome =
  | { readonly result: 'accepted'; readonly voteId: string }
  | { readonly result: 'refused'; readonly code: string }
  /** Nothing that settles it was answered, however often the client asked: the vote may count or not. */
  | { readonly result: 'unknown'; readonly code: string }

export type Voter = {
  /** Votes; a later call is of the same voter, and one with the same key is the same vote. */
  vote(optionId: number, key: string): Promise<VoteOutcome>
}

/** One person, whose client nobody else has: its session is begun with the first vote, and both clicks of a double click wait for it. */
export function createVoter(client: Pick<Client, 'beginSession' | 'vote'>, pollId: string): Voter {
  let session: Promise<string> | null = null

  return {
    async vote(optionId, key) {
      try {
        session ??= client.beginSession()
        await session
        const { vote_id: voteId } = await client.vote(pollId, optionId, { key })
        return { result: 'accepted', voteId }
      } catch (error) {
        return outcomeOf(error)
      }
    },
  }
}

function outcomeOf(error: unknown): VoteOutcome {
  if (!(error instanceof TallycastError)) throw error
  const { code, status } = error
  // What cannot be read comes from something in between. And where the service had no time in the end, an earlier answer may have been lost.
  const isSettled = code !== 'unreadable' && status >= 400 && status < 500 && status !== 429
  return { result: isSettled ? 'refused' : 'unknown', code }
}
