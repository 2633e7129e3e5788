import type { Pool } from 'pg'
import type { Poll } from '../../domain/poll.ts'
import type { Tally } from '../../domain/tally.ts'
import type { TallyCache } from '../../ports/tally-cache.ts'
import { orUnavailable } from './faults.ts'

/** The cache in PostgreSQL: one row per poll in tables without a log, so that a crash empties it and costs a look at the ledger. */
export function createTallyCache(pool: Pool): TallyCache {
  return {
    putTally: async (tally) =>
      orUnavailable('cache', async () => {
        await pool.query(putTallyStatement, [tally.pollId, tally.version, JSON.stringify(tally)])
      }),
    putPoll: async (poll) =>
      orUnavailable('cache', async () => {
        await pool.query(putPollStatement, [poll.id, poll.revision, JSON.stringify(poll)])
      }),
    getTally: (pollId) =>
      orUnavailable('cache', async () => {
        const { rows } = await pool.query<{ body: Tally }>(
          `select body from cached_tally where poll_id = $1 and ${isLive}`,
          [pollId],
        )
        return rows[0]?.body ?? null
      }),
    getPoll: (pollId) =>
      orUnavailable('cache', async () => {
        const { rows } = await pool.query<{ body: Poll }>(
          `select body from cached_poll where poll_id = $1 and ${isLive}`,
          [pollId],
        )
        return rows[0]?.body ?? null
      }),
    versions: (pollIds) =>
      orUnavailable('cache', async () => {
        const { rows } = await pool.query<{ version: number | null; revision: number | null }>(versionsStatement, [
          pollIds,
        ])
        return rows
      }),
    expire: async (pollId, afterMs) =>
      orUnavailable('cache', async () => {
        await pool.query(expireStatement, [pollId, afterMs, removedMax])
      }),
  }
}

/** Rows past their time that one `expire` takes away: others' too, because nobody comes back for them. */
const removedMax = 100

const isLive = '(expires_at is null or expires_at > clock_timestamp())'

/** What is put anew stays until it is told to go again: the poll has come back to life. */
const putTallyStatement = `
  insert into cached_tally as kept (poll_id, version, body) values ($1, $2, $3)
  on conflict (poll_id) do update set version = excluded.version, body = excluded.body, expires_at = null
   where kept.version < excluded.version or kept.expires_at <= clock_timestamp()`

const putPollStatement = `
  insert into cached_poll as kept (poll_id, revision, body) values ($1, $2, $3)
  on conflict (poll_id) do update set revision = excluded.revision, body = excluded.body, expires_at = null
   where kept.revision < excluded.revision or kept.expires_at <= clock_timestamp()`

const versionsStatement = `
  select t.version::float8 as version, p.revision::float8 as revision
    from unnest($1::text[]) with ordinality as asked (poll_id, place)
    left join cached_tally t on t.poll_id = asked.poll_id and (t.expires_at is null or t.expires_at > clock_timestamp())
    left join cached_poll p on p.poll_id = asked.poll_id and (p.expires_at is null or p.expires_at > clock_timestamp())
   order by asked.place`

const expireStatement = `
  with tallies_gone as (
    delete from cached_tally where poll_id in (
      select poll_id from cached_tally where expires_at <= clock_timestamp() and poll_id <> $1 limit $3)
  ), polls_gone as (
    delete from cached_poll where poll_id in (
      select poll_id from cached_poll where expires_at <= clock_timestamp() and poll_id <> $1 limit $3)
  ), tally_going as (
    update cached_tally set expires_at = clock_timestamp() + $2 * interval '1 millisecond' where poll_id = $1
  )
  update cached_poll set expires_at = clock_timestamp() + $2 * interval '1 millisecond' where poll_id = $1`
