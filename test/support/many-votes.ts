import type pg from 'pg'

/** So many votes of voters of their own, half of them for each of the first two options, as a worker would have recorded them. */
export const insertVotes = async (pool: pg.Pool, pollId: string, votes: number): Promise<void> => {
  await pool.query(
    `insert into vote (poll_id, round, voter, selection, position)
     select $1, 1, substr(sha256(n::text::bytea), 1, 16), array[1 + n % 2]::smallint[], decode(lpad(to_hex(n), 32, '0'), 'hex')
     from generate_series(1, $2::integer) as n`,
    [pollId, votes],
  )
  await pool.query(
    `insert into tally (poll_id, round, partition, counts, total_votes, version, recorded_at)
     values ($1, 1, 0, array[$2::bigint / 2, $2::bigint / 2], $2, $2, 'epoch')`,
    [pollId, votes],
  )
}
