import type { Pool } from 'pg'
import type { ViewerCounts } from '../../ports/viewer-counts.ts'
import { orUnavailable } from './faults.ts'

/** Viewers in PostgreSQL: a row for each process and poll that somebody watches there. */
export function createViewerCounts(pool: Pool): ViewerCounts {
  return {
    tell: (processId, changed, keptMs) =>
      orUnavailable('cache', async () => {
        const [pollIds, viewers] = [changed.map(([pollId]) => pollId), changed.map(([, count]) => count)]
        const { rows } = await pool.query<{ kept: boolean }>(TELL, [processId, keptMs, pollIds, viewers, removedMax])
        return rows[0]?.kept ?? false
      }),
    read: (pollId) =>
      orUnavailable('cache', async () => {
        const { rows } = await pool.query<{ viewers: number }>(READ, [pollId])
        return rows[0]?.viewers ?? 0
      }),
  }
}

/** Processes whose rows one call takes away, a minute past their time: they do not come back for them. */
const removedMax = 10

/** A row that was there before bears the transaction that locked it to change it; one that another process has just taken away is new. */
const TELL = `
  with teller as (
    insert into viewing_process (process, counts_until)
    values ($1, clock_timestamp() + $2 * interval '1 millisecond')
    on conflict (process) do update set counts_until = excluded.counts_until
    returning xmax <> 0 as kept
  ), told as (
    select poll_id, viewers from unnest($3::text[], $4::integer[]) as t (poll_id, viewers)
  ), put as (
    insert into viewer_count (poll_id, process, viewers)
    select poll_id, $1, viewers from told where viewers > 0
    on conflict (poll_id, process) do update set viewers = excluded.viewers
  ), left_alone as (
    delete from viewer_count using told
    where viewer_count.process = $1 and viewer_count.poll_id = told.poll_id and told.viewers = 0
  ), ended as (
    delete from viewing_process
    where process in (
      select process from viewing_process
      where counts_until < clock_timestamp() - interval '1 minute' and process <> $1
      limit $5
      for update skip locked
    )
  )
  select kept from teller`

const READ = `
  select coalesce(sum(viewers), 0)::integer as viewers
  from viewer_count join viewing_process using (process)
  where poll_id = $1 and counts_until > clock_timestamp()`
