import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { findFreePort } from '../../src/runtime/free-port.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { shareTestRedis } from '../support/redis.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(async () => database.drop())

/** Starts one role and waits until it gives up: its exit code and everything that it said. */
const startRole = async (role: string, env: Readonly<Record<string, string>>) => {
  const { redisUrl, prefix } = shareTestRedis()
  const own = { OPS_PORT: '0', PORT: '0', GRPC_PORT: '0', DATABASE_URL: database.databaseUrl }
  const program = spawn(process.execPath, [`src/main/${role}.ts`], {
    env: { ...process.env, REDIS_URL: redisUrl, REDIS_PREFIX: prefix, ...own, ...env },
  })
  let output = ''
  program.stdout.on('data', (chunk) => (output += chunk))
  program.stderr.on('data', (chunk) => (output += chunk))
  const [exitCode] = await once(program, 'close')
  return { exitCode, output }
}

const roles = ['api', 'worker', 'admin']

test.each(roles)('the %s says what to do where the database has no schema', async (role) => {
  await database.pool.query('create schema if not exists empty')
  const url = new URL(database.databaseUrl)
  url.searchParams.set('options', '-c search_path=empty')
  const { exitCode, output } = await startRole(role, { DATABASE_URL: url.href })
  expect(output).toContain('Tallycast cannot start: the database has no schema')
  expect(output).toContain('npm run migrate')
  expect(exitCode).toBe(1)
})

test.each(roles)('the %s says what to do where PostgreSQL does not answer', async (role) => {
  const { exitCode, output } = await startRole(role, {
    DATABASE_URL: `postgres://nobody@127.0.0.1:${await findFreePort()}/none`,
  })
  expect(output).toContain('Tallycast cannot start: PostgreSQL cannot be used')
  expect(output).toContain('DATABASE_URL')
  expect(exitCode).toBe(1)
})

test('a role says what to do where Redis does not answer', async () => {
  const { exitCode, output } = await startRole('worker', { REDIS_URL: `redis://127.0.0.1:${await findFreePort()}` })
  expect(output).toContain('Tallycast cannot start: Redis')
  expect(output).toContain('REDIS_URL')
  expect(exitCode).toBe(1)
})
