import { randomBytes } from 'node:crypto'
import type pg from 'pg'
import type { VoterKey } from '../../domain/vote.ts'
import type { PollSnapshot, PollSnapshots, PrunedRound, StandingVote } from '../../ports/poll-snapshots.ts'
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
 * Snapshots of polls in PostgreSQL, each on a connection of its own for as long as it is read. The pool MUST limit the time of a statement,
 * and MUST lead to the primary, which has all that anybody was shown; from a replica see poll-snapshots-of-replica.ts.
 */
export function createPollSnapshots(pool: pg.Pool, pageSize = pageSizeDefault): PollSnapshots {
  return {
    read: (pollId, _shown, work) =>
      orUnavailable('ledger', () =>
        onConnection(pool, async (client) => {
          const { query_timeout: answerMsMax, connectionTimeoutMillis } = pool.options
          // A connection that lay idle may lead nowhere by now: it has as long to answer as a new one has to come about.
          const begin = { text: BEGIN, query_timeout: connectionTimeoutMillis }
          await client.query(begin)
          const result = await work(await readSnapshot(client, pollId, { pageSize, answerMsMax }))
          await client.query('commit')
          return result
        }),
      ),
  }
}

type PageLimits = {
  readonly pageSize: number
  /** How long the client waits for the answer to a statement; undefined: as long as it takes. */
  readonly answerMsMax: number | undefined
}

async function readSnapshot(client: pg.PoolClient, pollId: string, limits: PageLimits): Promise<PollSnapshot | null> {
  const poll = await findPoll(client, pollId)
  const [tally] = await readTallies(client, [pollId])
  if (poll === null || tally === undefined) return null
  let cursors = 0
  const readVotes = (select: string, values: readonly unknown[]): AsyncIterable<readonly StandingVote[]> => {
    cursors += 1
    return readPages(client, { name: `votes_${cursors}`, select, values }, tally.totalVotes, limits)
  }
  return {
    poll,
    tally,
    votes: readVotes(SORT_BY_LOT, [pollId, poll.round, randomBytes(16)]),
    votesByVoter: (round) => readVotes(SORT_BY_VOTER, [pollId, round]),
    pruned: async (round) => readPruned(client, pollId, round),
  }
}

const READ_PRUNED = 'select signed_result from pruned_round where poll_id = $1 and round = $2'

async function readPruned(client: pg.PoolClient, pollId: string, round: number): Promise<PrunedRound | null> {
  const { rows } = await client.query<{ signed_result: string | null }>(READ_PRUNED, [pollId, round])
  return rows[0] === undefined ? null : { signedResult: rows[0].signed_result }
}

/** What sorting one vote may take, in milliseconds, beside the time that every statement has: some ten times what it takes. */
const sortMsPerVote = 0.02
/** A session without a limit, as a pooler in between may hand out, stays without one. */
const MORE_TIME = `
  select set_config('statement_timeout', (session.ms + $1)::text, true)
  from (select (extract(epoch from current_setting('statement_timeout')::interval) * 1000)::bigint as ms) as session
  where session.ms > 0`

/**
 * In an order that is drawn anew for each snapshot. That of the voter keys would be the same in every round of a poll, so that the n-th vote
 * of one would be by the voter of the n-th vote of another.
 */
const SORT_BY_LOT = `
  select encode(voter, 'hex') as voter, selection
  from vote
  where poll_id = $1 and round = $2 and cardinality(selection) > 0
  order by sha256($3::bytea || vote.voter)`

/** As the index of the ledger has them: nothing is sorted. */
const SORT_BY_VOTER = `
  select encode(voter, 'hex') as voter, selection
  from vote
  where poll_id = $1 and round = $2 and cardinality(selection) > 0
  order by vote.voter`

type Cursor = { readonly name: string; readonly select: string; readonly values: readonly unknown[] }
// `encode` writes 16 bytes that were recorded as a voter key.
type VoteRow = { readonly voter: VoterKey; readonly selection: readonly number[] }

async function* readPages(
  client: pg.PoolClient,
  { name, select, values }: Cursor,
  votes: number,
  { pageSize, answerMsMax }: PageLimits,
): AsyncIterable<readonly StandingVote[]> {
  const sortMs = Math.ceil(votes * sortMsPerVote)
  await client.query(MORE_TIME, [sortMs])
  // The client's own time must not end before the server's. The types do not know that a statement can have one.
  const patience = answerMsMax === undefined ? {} : { query_timeout: answerMsMax + sortMs }
  await client.query({ text: `declare ${name} no scroll cursor for ${select}`, values: [...values], ...patience })
  for (;;) {
    const { rows } = await client.query<VoteRow>({ text: `fetch ${pageSize} from ${name}`, ...patience })
    if (rows.length > 0) yield rows
    if (rows.length < pageSize) return
  }
}
