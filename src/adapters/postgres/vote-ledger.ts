import type pg from 'pg'
import { parsePosition, type Position } from '../../domain/position.ts'
import type { LedgerVote, VoterKey } from '../../domain/vote.ts'
import {
  type CloseMarker,
  type LedgerBatch,
  NAMED_MAX,
  type NamedVote,
  type Recorded,
  type SetAside,
  type VoteLedger,
} from '../../ports/vote-ledger.ts'
import type { VoterAtDoor } from '../../ports/vote-door.ts'
import { orUnavailable, orUnrecordable } from './faults.ts'
import { createPreparedStatements, nameStatement, type PreparedStatements } from './vote-ledger-prepared.ts'
import { readPayload, roundOf } from './set-aside-payload.ts'
import { BEGIN_PLANNED, onConnection, recordVotes, storable } from './vote-ledger-votes.ts'

/** The ledger in PostgreSQL. The pool MUST lead to the primary. `onForgotten`: nothing can be prepared any more, and commits cost more. */
export function createVoteLedger(pool: pg.Pool, onForgotten: () => void = () => undefined): VoteLedger {
  const prepared = createPreparedStatements(onForgotten)
  return {
    record: (batch) => orUnavailable('ledger', () => orUnrecordable(() => record(pool, prepared, batch))),
    find: (pollId, round, voter) => orUnavailable('ledger', () => findVote(pool, pollId, round, voter)),
    isSetAside: (partition, position) => orUnavailable('ledger', () => isSetAside(pool, partition, position)),
    voters: (pollId, round, partition, partitions, pageSize) =>
      readVoters(pool, { pollId, round, partition, partitions, pageSize }),
  }
}

async function record(pool: pg.Pool, prepared: PreparedStatements, batch: LedgerBatch): Promise<Recorded | 'fenced'> {
  return prepared.run(() => onConnection(pool, (client) => recordInTransaction(client, prepared, batch)))
}

async function recordInTransaction(
  client: pg.PoolClient,
  prepared: PreparedStatements,
  batch: LedgerBatch,
): Promise<Recorded | 'fenced'> {
  await client.query(BEGIN_PLANNED)
  const recordedAt = await moveCheckpoint(client, prepared, batch)
  if (recordedAt === null) {
    await client.query('rollback')
    return 'fenced'
  }
  const votes = await recordVotes(client, prepared, batch.from.partition, batch.votes, recordedAt)
  const closed = await recordMarkers(client, batch, recordedAt)
  const setAside = await recordSetAside(client, batch, recordedAt)
  await client.query('commit')
  return {
    checkpoint: { ...batch.from, recorded: batch.to },
    pollIds: [...new Set([...votes.pollIds, ...closed])],
    written: votes.written,
    setAside: votes.setAside.length + setAside.length,
    named: [...votes.named, ...nameFirst(batch.setAside, setAside)].slice(0, NAMED_MAX),
    recordedAt: recordedAt.getTime(),
  }
}

/**
 * Owner and old position are fence enough, so the end of the lease is not asked. A commit after the lease ran out but before
 * anybody took the partition over does no harm: taking over changes this very row, so one of the two waits for the other.
 * Either the successor finds the position of this commit, or this commit finds another owner.
 *
 * `recorded_at` grows also where the clock does not, so that of two batches only one can be the announced one.
 */
const MOVE_CHECKPOINT = nameStatement(
  'move checkpoint',
  `
  update checkpoint
  set recorded = $5,
      recorded_at = greatest(clock_timestamp(), recorded_at + interval '1 ms'),
      announced_until = greatest(announced_until, to_timestamp($6::float8 / 1000))
  where partition = $1 and owner = $2 and epoch = $3 and recorded = $4
  returning recorded_at`,
)

async function moveCheckpoint(
  client: pg.PoolClient,
  prepared: PreparedStatements,
  batch: LedgerBatch,
): Promise<Date | null> {
  const { partition, epoch, recorded } = batch.from
  const { rows } = await client.query<{ recorded_at: Date }>({
    ...prepared.ask(MOVE_CHECKPOINT),
    values: [partition, batch.owner, epoch, recorded, batch.to, batch.announcedUntil],
  })
  return rows[0]?.recorded_at ?? null
}

/** A marker that is recorded twice closes once: the first position stays. One in a partition that its poll has not closes nothing. */
const RECORD_MARKERS = `
  insert into tally as t (poll_id, round, partition, counts, total_votes, version, closed_position, recorded_at)
  select distinct on (poll.id, m.round)
    poll.id, m.round, $4::smallint, '{}'::bigint[], 0, 0, decode(m.position, 'hex'), $5::timestamptz
  from unnest($1::text[], $2::integer[], $3::text[]) as m (poll_id, round, position)
  join poll on poll.id = m.poll_id and poll.partitions > $4::smallint
  order by poll.id, m.round, m.position
  on conflict (poll_id, round, partition) do update set
    closed_position = coalesce(t.closed_position, excluded.closed_position),
    recorded_at = excluded.recorded_at
  returning poll_id`

async function recordMarkers(
  client: pg.PoolClient,
  { markers, from }: { readonly markers: readonly CloseMarker[]; readonly from: LedgerBatch['from'] },
  recordedAt: Date,
): Promise<readonly string[]> {
  if (markers.length === 0) return []
  const { rows } = await client.query<{ poll_id: string }>(RECORD_MARKERS, [
    markers.map((marker) => storable(marker.pollId)),
    markers.map((marker) => marker.round),
    markers.map((marker) => marker.position),
    from.partition,
    recordedAt,
  ])
  return rows.map((row) => row.poll_id)
}

/** All but what is of a round whose votes were pruned: that comes again, from a stream that is read anew. */
const RECORD_SET_ASIDE = `
  insert into set_aside (partition, position, poll_id, reason, payload, set_aside_at)
  select $5::smallint, decode(s.position, 'hex'), s.poll_id, s.reason, s.payload, $6::timestamptz
  from unnest($1::text[], $2::text[], $3::text[], $4::text[]) as s (position, poll_id, reason, payload)
  where not exists (select from pruned_round as p where p.poll_id = s.poll_id and ${roundOf('s.payload')} = p.round)
  order by s.position
  on conflict on constraint set_aside_once do nothing
  returning encode(position, 'hex') as position`

/** Where those stand that were not set aside before. */
async function recordSetAside(
  client: pg.PoolClient,
  { setAside, from }: LedgerBatch,
  recordedAt: Date,
): Promise<readonly Position[]> {
  if (setAside.length === 0) return []
  const { rows } = await client.query<{ position: Position }>(RECORD_SET_ASIDE, [
    setAside.map((one) => one.position),
    setAside.map((one) => (one.pollId === null ? null : storable(one.pollId))),
    setAside.map((one) => one.reason),
    setAside.map((one) => storable(one.payload)),
    from.partition,
    recordedAt,
  ])
  return rows.map(({ position }) => position)
}

function nameFirst(setAside: readonly SetAside[], positions: readonly Position[]): readonly NamedVote[] {
  const wanted = new Set(positions)
  const named: NamedVote[] = []
  for (const { position, pollId, payload } of setAside) {
    if (named.length === NAMED_MAX) break
    // Beyond the reach of positions several stand at one place, where only the first is kept.
    if (pollId === null || !wanted.delete(position)) continue
    const read = readPayload(payload)
    if (read.type === 'vote') named.push({ pollId, round: read.vote.round, voter: read.vote.voter, position })
  }
  return named
}

const FIND_VOTE = `
  select selection, encode(position, 'hex') as position
  from vote
  where poll_id = $1 and round = $2 and voter = decode($3, 'hex')`

async function findVote(pool: pg.Pool, pollId: string, round: number, voter: VoterKey): Promise<LedgerVote | null> {
  const { rows } = await pool.query<{ selection: number[]; position: string }>(FIND_VOTE, [pollId, round, voter])
  const row = rows[0]
  return row === undefined ? null : { selection: row.selection, position: parsePosition(row.position) }
}

const IS_SET_ASIDE = `
  select exists (select from set_aside where partition = $1 and position = decode($2, 'hex')) as is_set_aside`

async function isSetAside(pool: pg.Pool, partition: number, position: Position): Promise<boolean> {
  const { rows } = await pool.query<{ is_set_aside: boolean }>(IS_SET_ASIDE, [partition, position])
  return rows[0]?.is_set_aside === true
}

/** The partition is computed as `partitionOf` (src/domain/vote.ts) does: the first 4 bytes, without a sign. */
const READ_VOTERS = `
  select encode(voter, 'hex') as voter, selection, encode(position, 'hex') as position
  from vote
  where poll_id = $1 and round = $2 and voter > decode($3, 'hex')
    and ('x' || encode(substr(voter, 1, 4), 'hex'))::bit(32)::bigint % $5::integer = $4::integer
  order by vote.voter
  limit $6`

type RoundPartition = {
  readonly pollId: string
  readonly round: number
  readonly partition: number
  readonly partitions: number
  readonly pageSize: number
}

type VoterRow = { readonly voter: string; readonly selection: readonly number[]; readonly position: string }

async function* readVoters(pool: pg.Pool, of: RoundPartition): AsyncIterable<readonly VoterAtDoor[]> {
  let last = ''
  for (;;) {
    const values = [of.pollId, of.round, last, of.partition, of.partitions, of.pageSize]
    const { rows } = await orUnavailable('ledger', () => pool.query<VoterRow>(READ_VOTERS, values))
    const page = rows.map((row) => ({
      // The cast brands 16 bytes that were written as a voter key.
      voter: row.voter as VoterKey,
      selection: row.selection,
      position: parsePosition(row.position),
    }))
    const end = page.at(-1)
    if (end !== undefined) yield page
    if (end === undefined || page.length < of.pageSize) return
    last = end.voter
  }
}
