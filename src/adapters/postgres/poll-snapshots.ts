import type pg from 'pg'
import type { VoterKey } from '../../domain/vote.ts'
import type { PollSnapshot, PollSnapshots, StandingVote } from '../../ports/poll-snapshots.ts'
import { orUnavailable } from './faults.ts'
import { findPoll } from './poll-store.ts'
import { readTallies } from './tallies.ts'
import { onConnection } from './vote-ledger-votes.ts'

const pageSizeDefault = 1000
/**
 * Between two pages a reader may pause for as long as its connection is let stand. This is for a process that is gone without a word: what
 * its snapshot sees could not be cleared away meanwhile.
 */
const pausedReaderMs = 150_000

/** One snapshot for all statements, also those that come minutes later. */
const BEGIN = `begin isolation level repeatable read, read only; set local idle_in_transaction_session_timeout = ${pausedReaderMs}`

/**
 * Snapshots of polls in PostgreSQL, each on a connection of its own for as long as it is read. The pool MUST lead to the primary, and MUST
 * limit the time of a statement.
 */
export function createPollSnapshots(pool: pg.Pool, pageSize = pageSizeDefault): PollSnapshots {
  return {
    read: (pollId, work) =>
      orUnavailable('ledger', () =>
        onConnection(pool, async (client) => {
          await client.query(BEGIN)
          const result = await work(await readSnapshot(client, pollId, pageSize))
          await client.query('commit')
          return result
        }),
      ),
  }
}

async function readSnapshot(client: pg.PoolClient, pollId: string, pageSize: number): Promise<PollSnapshot | null> {
  const poll = await findPoll(client, pollId)
  const [tally] = await readTallies(client, [pollId])
  if (poll === null || tally === undefined) return null
  return { poll, tally, votes: readVotes(client, { pollId, round: poll.round, pageSize }) }
}

/**
 * By the primary key, from where the page before ended: each page costs the same, however many lie before it or behind it. A bare `voter`
 * in the order would be the text that is selected, and each page would sort all that are left: 640 ms instead of 3 for the first of 100,000 votes.
 */
const READ_VOTES = `
  select encode(voter, 'hex') as voter, selection
  from vote
  where poll_id = $1 and round = $2 and voter > decode($3, 'hex') and cardinality(selection) > 0
  order by vote.voter
  limit $4`

type RoundPages = { readonly pollId: string; readonly round: number; readonly pageSize: number }
// `encode` writes 16 bytes that were recorded as a voter key.
type VoteRow = { readonly voter: VoterKey; readonly selection: readonly number[] }

async function* readVotes(
  client: pg.PoolClient,
  { pollId, round, pageSize }: RoundPages,
): AsyncIterable<readonly StandingVote[]> {
  let last = ''
  for (;;) {
    const { rows } = await client.query<VoteRow>(READ_VOTES, [pollId, round, last, pageSize])
    const end = rows.at(-1)
    if (end !== undefined) yield rows
    if (end === undefined || rows.length < pageSize) return
    last = end.voter
  }
}
