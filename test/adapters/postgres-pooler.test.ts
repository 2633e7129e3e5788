import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { createPollStore } from '../../src/adapters/postgres/poll-store.ts'
import { createVoteLedger } from '../../src/adapters/postgres/vote-ledger.ts'
import { connectPostgres } from '../../src/runtime/postgres-pool.ts'
import { refuseSharedSessions } from '../../src/runtime/postgres-pooler.ts'
import { linesOf, someVoters } from '../support/bulk-host.ts'
import { createDataFolder } from '../support/embedded-system.ts'
import { createHttpClient } from '../support/http-client.ts'
import { type Pgbouncer, readPoolerLines, startPgbouncer } from '../support/pgbouncer.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { shareTestRedis } from '../support/redis.ts'
import { runProgram } from '../support/run-program.ts'
import { type Program, startServerProcess } from '../support/server-process.ts'
import { somePoll } from '../support/some-poll.ts'
import { createLedgerOwner, someVoter, voteAt } from '../support/some-votes.ts'
import { useSystem } from '../support/system.ts'
import { waitUntil } from '../support/wait-until.ts'

let pooler: Pgbouncer
/** Its server knows no time limits but those that it is told. */
let unprepared: TestDatabase

/** PgBouncer may have to be fetched. */
const withinMs = 120_000

beforeAll(async () => {
  unprepared = await createTestDatabase()
  pooler = await startPgbouncer(inject('postgresUrl'), (await readPoolerLines()).pgbouncer)
}, withinMs)
afterAll(async () => {
  await pooler.stop()
  await unprepared.drop()
})

const roles = ['api', 'worker', 'admin'] as const
const system = useSystem({
  workers: 2,
  partitions: 4,
  prepare: async (database) => {
    const { username, pathname } = new URL(database.databaseUrl)
    // For this database alone: the user is that of all tests.
    const whose = `alter role ${username} in database ${pathname.slice(1)} `
    await database.pool.query((await readPoolerLines()).postgres.replaceAll('alter role tallycast ', whose))
    const own = { DATABASE_URL: pooler.over(database.databaseUrl) }
    return { envOf: Object.fromEntries(roles.map((role) => [role, own])) }
  },
})

test('behind PgBouncer in transaction mode all roles do all that they do', async () => {
  const { apiUrl, adminToken: bearer, database } = system()
  const call = createHttpClient(apiUrl(0))
  const json = {
    question: 'Tea or coffee?',
    options: ['Tea', 'Coffee'],
    voter_visibility: 'public',
    allow_vote_change: true,
  }
  const created = await call('POST', '/polls', { json })
  expect(created.status).toBe(201)
  const path = `/polls/${created.body.id}`
  const voted = async (votes: number): Promise<void> =>
    waitUntil(async () => (await call('GET', path)).body.total_votes === votes, { withinMs: 20_000 })
  const headers = { 'content-type': 'application/x-ndjson' }
  for (let round = 1; round <= 5; round += 1) {
    const raw = linesOf(someVoters(100), [1, 2])
    expect((await call('POST', `${path}/votes/bulk`, { raw, headers, bearer })).status).toBe(200)
    await voted(round * 100)
  }
  const { body: session } = await call('POST', '/session')
  for (const [method, option] of [
    ['POST', 1],
    ['PUT', 2],
  ] as const) {
    const vote = { json: { option_id: option }, voterToken: String(session.voter_token) }
    expect((await call(method, `${path}/vote`, vote)).status).toBe(202)
  }
  await waitUntil(async () => (await call('GET', path)).body.options[1].votes === 251)

  expect((await call('POST', `${path}/close`, { bearer })).status).toBe(200)
  await waitUntil(async () => (await call('GET', path)).body.results_final === true)
  const votes = await call('GET', `${path}/export.csv?part=votes`)
  expect([votes.status, votes.text.trim().split('\n').length]).toEqual([200, 1 + 501])
  expect((await call('GET', `${path}/results/signed`)).status).toBe(200)
  const env = { DATABASE_URL: pooler.over(database.databaseUrl) }
  expect(await runProgram('recount', [String(created.body.id)], env)).toMatchObject({ exitCode: 0 })
  expect((await database.pool.query('select from set_aside')).rowCount).toBe(0)
})

test('a commit on a session that has forgotten what was prepared is made all the same, and told once', async () => {
  let told = 0
  const options = { max: 1, applicationName: 'forgetful', statementTimeoutMs: 10_000 }
  const pool = connectPostgres(unprepared.databaseUrl, options)
  const poll = somePoll({ partitions: 1 })
  await createPollStore(pool).create(poll)
  const owner = await createLedgerOwner(pool, 0)
  const ledger = createVoteLedger(pool, () => (told += 1))
  for (let entry = 1; entry <= 3; entry += 1) {
    const votes = [voteAt(entry, { pollId: poll.id, voter: someVoter(), selection: [1] })]
    expect(await ledger.record(owner.batch(entry, { votes }))).toMatchObject({ written: 1 })
    await owner.lookAgain()
    await pool.query('deallocate all')
  }
  expect(told).toBe(1)
  await pool.end()
})

test.each<[string, Program, () => Readonly<Record<string, string>>]>([
  ['a worker without Redis', 'worker', () => ({ DATABASE_URL: pooler.over(system().database.databaseUrl) })],
  ['a migration', 'migrate', () => ({ DATABASE_URL: pooler.over(system().database.databaseUrl) })],
])('what needs a session of its own says so and does not start: %s', async (_what, program, envOf) => {
  expect(await startsNot(program, envOf())).toMatch(/DATABASE_URL leads to a pooler in transaction mode, and a /)
})

test('where not all connections that the look needs are to be had, none stays open that would keep a process from ending', async () => {
  const { databaseUrl, pool } = unprepared
  const username = new URL(databaseUrl).pathname.slice(1)
  const password = 'of-one-connection'
  await pool.query(`create role ${username} login connection limit 1 password '${password}'`)
  const { href } = Object.assign(new URL(databaseUrl), { username, password })
  await expect(refuseSharedSessions(href, 'nobody')).rejects.toThrow('does not let us in')
  const own = async () => pool.query('select from pg_stat_activity where usename = $1', [username])
  await waitUntil(async () => (await own()).rowCount === 0)
  await pool.query(`drop role ${username}`)
})

test('where the time limits are kept from PostgreSQL, or not taken, nothing starts, and it is said what to do', async () => {
  const redis = { REDIS_URL: shareTestRedis().redisUrl }
  const env = { ...redis, DATABASE_URL: pooler.over(unprepared.databaseUrl) }
  expect(await startsNot('worker', env)).toContain(
    'has no statement_timeout and no lock_timeout and no idle_in_transaction_session_timeout',
  )
  // Where each has a session of its own, `npm start` goes through a pooler, too.
  const sessions = (await readPoolerLines()).pgbouncer.replace('transaction', 'session')
  const keeping = await startPgbouncer(unprepared.databaseUrl, sessions)
  const folder = createDataFolder()
  try {
    const whole = { DATABASE_URL: keeping.over(unprepared.databaseUrl), DATA_DIR: folder.path, HOST: '127.0.0.1' }
    expect(await startsNot('all', whole)).toContain('a pooler keeps our time limits from PostgreSQL')
  } finally {
    await keeping.stop()
    folder.remove()
  }
  const strict = await startPgbouncer(unprepared.databaseUrl, 'pool_mode = transaction')
  try {
    const over = { ...redis, DATABASE_URL: strict.over(unprepared.databaseUrl) }
    expect(await startsNot('worker', over)).toContain('does not take our time limits\nWhat to do: ')
  } finally {
    await strict.stop()
  }
})

/** What it says instead. */
const startsNot = async (program: Program, env: Readonly<Record<string, string>>): Promise<string> => {
  const started = startServerProcess({ name: program, program, env: { OPS_PORT: '0', ...env } })
  try {
    expect((await started.ended()).exitCode).toBe(1)
    return started.output()
  } finally {
    await started.stop()
  }
}
