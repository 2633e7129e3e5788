import { useEffect } from 'preact/hooks'
import type { Client } from '../../client/src/index.ts'
import { awaitRound } from './await-round.ts'
import { type Followed, roundOf } from './follow-poll.ts'

/** Looks for the next round of a poll whose news has come to its end with a final result. `again` follows the poll anew. */
export function useNextRound(client: Pick<Client, 'get'>, pollId: string, followed: Followed, again: () => void): void {
  const isOver = followed.connection === 'closed' && followed.tally?.results_final === true
  const round = roundOf(followed)
  useEffect(
    () => (isOver ? awaitRound(client, pollId, round, document, again) : undefined),
    [client, pollId, isOver, round],
  )
}
