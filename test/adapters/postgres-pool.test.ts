import { expect, test } from 'vitest'
import { createLog } from '../../src/runtime/log.ts'
import { connectPostgres } from '../../src/runtime/postgres-pool.ts'
import { createTestDatabase } from '../support/postgres.ts'
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
  await expect(pool.query('select pg_sleep(30)')).rejects.toThrow('statement timeout')
})

const stoppable = (pool: ReturnType<typeof connectPostgres>) =>
  Object.assign(pool, { [Symbol.asyncDispose]: async () => pool.end() })
