import { expect, test } from 'vitest'
import { orUnavailable } from '../../src/adapters/postgres/faults.ts'
import { DependencyUnavailable } from '../../src/ports/unavailable.ts'
import { createLog } from '../../src/runtime/log.ts'
import { connectPostgres } from '../../src/runtime/postgres-pool.ts'
import { lockVotes } from '../support/lock-votes.ts'
import { createTestDatabase } from '../support/postgres.ts'
import { startTcpProxy } from '../support/tcp-proxy.ts'
import { waitUntil } from '../support/wait-until.ts'

test('an idle connection that breaks is noted and replaced', async () => {
  await using database = await createTestDatabase()
  const lines: string[] = []
  const log = createLog({ name: 'test', level: 'warn', destination: { write: (line) => void lines.push(line) } })
  const options = { max: 1, applicationName: 'broken', statementTimeoutMs: 5_000, log }
  await using pool = stoppable(connectPostgres(database.databaseUrl, options))

  await pool.query('select 1')
  await database.pool.query("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'broken'")
  await waitUntil(() => lines.some((line) => line.includes('an idle connection to PostgreSQL broke')))
  expect((await pool.query('select 1 as n')).rows).toEqual([{ n: 1 }])
})

test('a statement that takes too long is given up', async () => {
  await using database = await createTestDatabase()
  const options = { max: 1, applicationName: 'slow', statementTimeoutMs: 50 }
  await using pool = stoppable(connectPostgres(database.databaseUrl, options))
  // The client gives up a second later: that is heard first where the server's word is late.
  await expect(pool.query('select pg_sleep(30)')).rejects.toThrow(/statement timeout|Query read timeout/)
  const own = "select from pg_stat_activity where application_name = 'slow' and state = 'active'"
  await waitUntil(async () => (await database.pool.query(own)).rowCount === 0)
})

test('a statement that waits too long for a lock is given up, as something that passes; one that gets it in time is not', async () => {
  await using database = await createTestDatabase()
  const options = { max: 1, applicationName: 'waiting', statementTimeoutMs: 20_000 }
  await using hasty = stoppable(connectPostgres(database.databaseUrl, { ...options, lockTimeoutMs: 50 }))
  await using patient = stoppable(connectPostgres(database.databaseUrl, { ...options, lockTimeoutMs: 15_000 }))
  const read = async (pool: typeof hasty) => orUnavailable('ledger', async () => pool.query('select from vote'))
  const waiting = await lockVotes(database.pool, async () => {
    await expect(read(hasty)).rejects.toThrow(DependencyUnavailable)
    return { read: read(patient) }
  })
  expect((await waiting.read).rowCount).toBe(0)
})

test('when one connection has died without a word, those that were idle meanwhile keep nobody waiting', async () => {
  await using database = await createTestDatabase()
  const url = new URL(database.databaseUrl)
  const proxy = await startTcpProxy(url.hostname, Number(url.port))
  url.port = String(proxy.port)
  const options = { max: 4, applicationName: 'silent', statementTimeoutMs: 4_000 }
  await using pool = stoppable(connectPostgres(url.href, options))
  await Promise.all(Array.from({ length: 4 }, async () => pool.query('select pg_sleep(0.1)')))
  expect(pool.idleCount).toBe(4)

  proxy.mute()
  proxy.unmute() // for new connections alone
  await expect(pool.query('select 1')).rejects.toThrow('Query read timeout')
  const begun = performance.now()
  for (let query = 0; query < 4; query += 1) await pool.query('select 1')
  expect(performance.now() - begun).toBeLessThan(4_500) // one dead connection more would have cost five seconds
  await proxy.stop()
})

test('as many statements as are allowed wait for a connection, and a further one fails at once as something that passes', async () => {
  await using database = await createTestDatabase()
  const options = { max: 1, applicationName: 'full', statementTimeoutMs: 10_000, waitingMax: 2 }
  await using pool = stoppable(connectPostgres(database.databaseUrl, options))
  const holder = await pool.connect()
  const waiting = [pool.query('select 1'), pool.query('select 1')]
  await expect(pool.query('select 1')).rejects.toThrow('2 wait for a connection already')
  await expect(pool.connect()).rejects.toThrow('2 wait for a connection already')
  await expect(orUnavailable('ledger', async () => pool.query('select 1'))).rejects.toThrow(DependencyUnavailable)
  holder.release()
  await Promise.all(waiting)
  expect((await pool.query('select 1 as n')).rows).toEqual([{ n: 1 }])
})

const stoppable = (pool: ReturnType<typeof connectPostgres>) =>
  Object.assign(pool, { [Symbol.asyncDispose]: async () => pool.end() })
