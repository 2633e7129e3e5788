import type pg from 'pg'
import { orUnavailable } from './faults.ts'

/** A place in the log of the primary, in bytes, and when it was there, in milliseconds of `performance.now`. */
type Mark = { readonly end: number; readonly at: number }

/** One that was promoted replays nothing any more, and has what it has itself written since. */
const replayedLsn = 'case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_lsn() end'
/** With a look each second the lag is exact for an hour; beyond, what is told goes on growing. */
const marksMax = 3_600

/**
 * Says at each look for how long the replica has lacked something that the primary has, in milliseconds; 0 where it has all that the primary
 * had at the looks before. No clock of theirs is asked: the time of the last replayed commit would call a replica old on a quiet day.
 */
export function createReplicaLag(primary: pg.Pool, replica: pg.Pool): () => Promise<number> {
  const ahead: Mark[] = []
  return () =>
    orUnavailable('ledger', async () => {
      const at = performance.now()
      const end = await readEnd(primary, 'pg_current_wal_lsn()')
      if (ahead.length < marksMax) ahead.push({ end, at })
      const replayed = await readEnd(replica, replayedLsn)
      while (ahead[0] !== undefined && ahead[0].end <= replayed) ahead.shift()
      return ahead[0] === undefined ? 0 : performance.now() - ahead[0].at
    })
}

/** Exact up to 2^53 bytes. */
async function readEnd(pool: pg.Pool, lsn: string): Promise<number> {
  const { rows } = await pool.query<{ bytes: number }>(`select (${lsn} - '0/0')::float8 as bytes`)
  return rows[0]?.bytes ?? 0
}
