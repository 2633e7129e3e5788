import type pg from 'pg'
import type { PollStatus } from '../../domain/poll.ts'
import type { Tally } from '../../domain/tally.ts'
import type { Tallies } from '../../ports/tallies.ts'
import { orUnavailable } from './faults.ts'
import type { Queryable } from './rows.ts'
import { recount } from './tallies-recount.ts'

/** What the ledger in PostgreSQL adds up to. The pool MUST lead to the primary. */
export function createTallies(pool: pg.Pool): Tallies {
  return {
    finalise: (pollId) => orUnavailable('ledger', () => finalise(pool, pollId)),
    read: (pollIds) => orUnavailable('ledger', () => readTallies(pool, pollIds)),
    raiseVersion: (pollId, seen) => orUnavailable('ledger', () => raiseVersion(pool, pollId, seen)),
    unannounced: (settledMs, after, pollsMax) =>
      orUnavailable('ledger', () => listUnannounced(pool, settledMs, after, pollsMax)),
    changedLately: (withinMs, pollsMax) => orUnavailable('ledger', () => listChangedLately(pool, withinMs, pollsMax)),
    recount: (pollId) => orUnavailable('ledger', async () => (await recount(pool, pollId, 'current'))[0] ?? null),
    recountRounds: (pollId) => orUnavailable('ledger', () => recount(pool, pollId, 'all')),
    recountRound: (pollId, round) =>
      orUnavailable('ledger', async () => (await recount(pool, pollId, { round }))[0] ?? null),
  }
}

/**
 * The row is taken hold of first, as it is now: whoever waits while another finalises the poll must see that it is final.
 *
 * A door that shut at `closes_at` never opens again, so its marker ends an open poll too: the schedule would do so by the
 * stream's clock, which may have been set back since.
 */
const FINALISE = `
  with held as (
    select id, status, round, partitions from poll where id = $1 for no key update
  ), marked as (
    select held.*, (
      select count(*)
      from tally as t
      where t.poll_id = held.id and t.round = held.round and t.closed_position is not null
    ) as markers
    from held
  ), closing as (
    update poll
    set status = 'closing', changed_at = clock_timestamp(), revision = revision + 1
    from marked
    where poll.id = marked.id and marked.status = 'open' and marked.markers > 0
  ), closed as (
    update poll
    set status = 'closed', closed_at = clock_timestamp(), changed_at = clock_timestamp(), revision = revision + 1
    from marked
    where poll.id = marked.id and marked.status = 'closing' and marked.partitions = marked.markers
    returning 1
  )
  select exists (select from closed) or exists (select from held where status = 'closed') as is_final`

async function finalise(pool: pg.Pool, pollId: string): Promise<boolean> {
  const { rows } = await pool.query<{ is_final: boolean }>(FINALISE, [pollId])
  return rows[0]?.is_final === true
}

/** One statement, so one snapshot. Sums arrive as float8, which is a number here and exact up to 2^53. */
const READ = `
  select
    poll.id, poll.round, poll.revision, poll.status,
    array(select o.id from poll_option as o where o.poll_id = poll.id order by o.position) as option_ids,
    array(
      select coalesce(sum(t.counts[o.id]), 0)::float8
      from poll_option as o
      left join tally as t on t.poll_id = o.poll_id and t.round = poll.round
      where o.poll_id = poll.id
      group by o.id, o.position
      order by o.position
    ) as counts,
    coalesce(all_rounds.total_votes, 0)::float8 as total_votes,
    (coalesce(all_rounds.version, 0) + poll.revision)::float8 as version,
    clock_timestamp()::timestamptz(3) as as_of
  from poll
  cross join lateral (
    select sum(t.version) as version, sum(t.total_votes) filter (where t.round = poll.round) as total_votes
    from tally as t
    where t.poll_id = poll.id
  ) as all_rounds
  where poll.id = any ($1::text[])`

type TallyRow = {
  readonly id: string
  readonly round: number
  readonly revision: number
  // A constraint of the table keeps to these words.
  readonly status: PollStatus
  readonly option_ids: readonly number[]
  readonly counts: readonly number[]
  readonly total_votes: number
  readonly version: number
  readonly as_of: Date
}

export async function readTallies(from: Queryable, pollIds: readonly string[]): Promise<readonly Tally[]> {
  if (pollIds.length === 0) return []
  const { rows } = await from.query<TallyRow>(READ, [pollIds])
  return rows.map((row) => ({
    pollId: row.id,
    round: row.round,
    version: row.version,
    revision: row.revision,
    status: row.status,
    optionIds: row.option_ids,
    counts: row.counts,
    totalVotes: row.total_votes,
    asOf: row.as_of.getTime(),
    resultsFinal: row.status === 'closed',
  }))
}

/** What is missing is added to the round's first partition. Of two who raise at once both may add: it grows all the more. */
const RAISE_VERSION = `
  insert into tally as t (poll_id, round, partition, counts, total_votes, version, recorded_at)
  select poll.id, poll.round, 0, '{}', 0, $2::bigint + 1 - is_now.version, 'epoch'
  from poll
  cross join lateral (
    select coalesce(sum(t.version), 0) + poll.revision as version from tally as t where t.poll_id = poll.id
  ) as is_now
  where poll.id = $1 and is_now.version <= $2::bigint
  on conflict (poll_id, round, partition) do update set version = t.version + excluded.version`

async function raiseVersion(pool: pg.Pool, pollId: string, seen: number): Promise<void> {
  await pool.query(RAISE_VERSION, [pollId, seen])
}

/**
 * The age is counted from the partition's latest commit where the clock lies behind it: a clock that was set back must not
 * hide what a dead owner recorded from the one who comes next, nor what the latest commit did.
 *
 * By each partition's index, in a subquery that `offset` keeps apart: each worker asks once a second, and among 400,000 tallies of which
 * none is unannounced this takes 0.1 ms, where a join takes 140, or 840 by way of the ids.
 */
const LIST_UNANNOUNCED = `
  select distinct t.poll_id
  from checkpoint as c
  cross join lateral (
    select tally.poll_id
    from tally
    where tally.partition = c.partition and tally.recorded_at > c.announced_until and tally.poll_id > $2
      and tally.recorded_at <= greatest(clock_timestamp(), c.recorded_at) - $1 * interval '1 ms'
    offset 0
  ) as t
  order by t.poll_id
  limit $3`

async function listUnannounced(
  pool: pg.Pool,
  settledMs: number,
  after: string,
  pollsMax: number,
): Promise<readonly string[]> {
  const { rows } = await pool.query<{ poll_id: string }>(LIST_UNANNOUNCED, [settledMs, after, pollsMax])
  return rows.map((row) => row.poll_id)
}

/** By each partition's index, so that it costs no more where the table holds years of polls. */
const LIST_CHANGED_LATELY = `
  select latest.poll_id
  from checkpoint as c
  cross join lateral (
    select t.poll_id, t.recorded_at
    from tally as t
    where t.partition = c.partition and t.recorded_at > clock_timestamp() - $1 * interval '1 ms'
    order by t.recorded_at desc
    limit $2
  ) as latest
  group by latest.poll_id
  order by max(latest.recorded_at) desc, latest.poll_id
  limit $2`

async function listChangedLately(pool: pg.Pool, withinMs: number, pollsMax: number): Promise<readonly string[]> {
  const { rows } = await pool.query<{ poll_id: string }>(LIST_CHANGED_LATELY, [withinMs, pollsMax])
  return rows.map((row) => row.poll_id)
}
