import type pg from 'pg'
import { startServerProcess } from '../../test/support/server-process.ts'

const withinMs = 900_000

/** Throws unless the ledger, counted anew as an operator would have it counted, agrees with every tally. */
export async function proveRecount(database: pg.Pool): Promise<void> {
  const { connectionString } = database.options
  if (connectionString === undefined) throw new Error('the recount needs the address of the database')
  const recount = startServerProcess({
    name: 'recount',
    program: 'recount',
    env: { DATABASE_URL: connectionString },
    args: ['--all'],
  })
  try {
    const { exitCode } = await recount.ended(withinMs)
    if (exitCode !== 0) throw new Error(`the recount says otherwise:\n${recount.output()}`)
  } finally {
    await recount.stop()
  }
}

/** Throws unless each of these polls has exactly so many votes in the ledger, and no other poll has any. */
export async function proveLedger(database: pg.Pool, expected: ReadonlyMap<string, number>): Promise<void> {
  const { rows } = await database.query<{ pollId: string; votes: number }>(
    'select poll_id as "pollId", count(*)::integer as votes from vote group by poll_id',
  )
  const wrong = rows.find(({ pollId, votes }) => expected.get(pollId) !== votes)
  if (wrong !== undefined) {
    throw new Error(`poll ${wrong.pollId} has ${wrong.votes} votes, it was sent ${expected.get(wrong.pollId) ?? 0}`)
  }
  if (rows.length !== expected.size) throw new Error(`${rows.length} of ${expected.size} polls have votes`)
}

/** Votes in the tallies of all polls. */
export async function countRecorded(database: pg.Pool): Promise<number> {
  const { rows } = await database.query<{ total: number }>(
    'select coalesce(sum(total_votes), 0)::float8 as total from tally',
  )
  return rows[0]?.total ?? 0
}
