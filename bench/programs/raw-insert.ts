// The floor of recording votes: one statement per batch that inserts votes from arrays and adds them to a tally, over `pg` alone, into tables
// with the columns and indexes of the product's own. No earlier vote is looked at, nothing is fenced, and nobody hears of it.
import { randomBytes } from 'node:crypto'
import pg from 'pg'

const { DATABASE_URL = '', VOTES = '1000', VOTES_PER_BATCH = '1000' } = process.env
const options = 3

const insert = `
  with written as (
    insert into floor_vote (poll_id, round, voter, selection, position)
    select $1, 1, v.voter, array[v.option_id], v.position
    from unnest($2::bytea[], $3::smallint[], $4::bytea[]) as v (voter, option_id, position)
    on conflict do nothing
    returning selection[1] as option_id
  ),
  counted as (
    select o.id, count(w.option_id) as votes
    from generate_series(1, ${options}) as o (id) left join written as w on w.option_id = o.id
    group by o.id
  )
  insert into floor_tally as t (poll_id, round, partition, counts, total_votes, version, recorded_at)
  select $1, 1, 0, array_agg(c.votes order by c.id), sum(c.votes), sum(c.votes), clock_timestamp() from counted as c
  on conflict (poll_id, round, partition) do update set
    counts = array(select a + b from unnest(t.counts, excluded.counts) as u (a, b)),
    total_votes = t.total_votes + excluded.total_votes,
    version = t.version + excluded.version,
    recorded_at = excluded.recorded_at`

type Batch = { readonly voters: Buffer[]; readonly optionIds: number[]; readonly positions: Buffer[] }

function prepare(from: number, votes: number): Batch {
  const numbers = Array.from({ length: votes }, (_, n) => from + n)
  return {
    voters: numbers.map(() => randomBytes(16)),
    optionIds: numbers.map((n) => 1 + (n % options)),
    positions: numbers.map((n) => Buffer.from(n.toString(16).padStart(32, '0'), 'hex')),
  }
}

const client = new pg.Client({ connectionString: DATABASE_URL })
await client.connect()
const perBatch = Number(VOTES_PER_BATCH)
const batches = Array.from({ length: Math.ceil(Number(VOTES) / perBatch) }, (_, n) => prepare(n * perBatch, perBatch))

process.on('message', () => {
  const run = async (): Promise<void> => {
    const beganAt = performance.now()
    const { user, system } = process.cpuUsage()
    for (const { voters, optionIds, positions } of batches) {
      await client.query({ name: 'insert', text: insert, values: ['floor', voters, optionIds, positions] })
    }
    const used = process.cpuUsage({ user, system })
    const ms = performance.now() - beganAt
    process.send?.({ votes: batches.length * perBatch, ms, microseconds: used.user + used.system })
  }
  run().catch((fault: unknown) => {
    console.error(fault)
    process.exit(1)
  })
})
process.once('disconnect', () => {
  const exit = (): never => process.exit()
  client.end().then(exit, exit)
})
// The port is of no interest: nobody calls it but by messages.
process.send?.({ port: 0 })
