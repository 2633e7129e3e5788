import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createLog } from '../../src/runtime/log.ts'
import { migrate } from '../../src/runtime/migrations.ts'
import { createTestDatabase } from '../support/postgres.ts'
import type { TestDatabase } from '../support/postgres.ts'
import { waitUntil } from '../support/wait-until.ts'

const log = createLog({ name: 'test', level: 'silent' })

let database: TestDatabase
let folder: string
beforeEach(async () => {
  database = await createTestDatabase()
  folder = mkdtempSync(join(tmpdir(), 'tallycast-migrations-'))
})
afterEach(async () => {
  await database.drop()
  rmSync(folder, { recursive: true, force: true })
})

const write = (name: string, sql: string): void => writeFileSync(join(folder, name), sql)
const run = async (): Promise<readonly string[]> => migrate(database.databaseUrl, { log, folder })
const countOf = async (table: string): Promise<number> => {
  const { rows } = await database.pool.query<{ n: number }>(`select count(*)::int as n from ${table}`)
  return rows[0]?.n ?? -1
}

test('migrations are applied once, in the order of their names', async () => {
  write('9002-second.sql', 'insert into made values (2)')
  write('9001-first.sql', 'create table made (n int)')
  expect(await run()).toEqual(['9001-first.sql', '9002-second.sql'])
  expect(await run()).toEqual([])
  expect(await countOf('made')).toBe(1)
})

test('processes that migrate at the same time wait for each other', async () => {
  write('9001-first.sql', 'create table made (n int); select pg_sleep(0.05); insert into made values (1)')
  const applied = await Promise.all([run(), run(), run(), run()])
  expect(applied.flat()).toEqual(['9001-first.sql'])
  expect(await countOf('made')).toBe(1)
})

test('a migration that fails leaves the database as it was', async () => {
  write('9001-first.sql', 'create table made (n int); select 1 / 0')
  await expect(run()).rejects.toThrow('migration 9001-first.sql failed')
  write('9001-first.sql', 'create table made (n int)')
  expect(await run()).toEqual(['9001-first.sql'])
})

test('a migration waits for a table that is in use, and lets everybody else at it meanwhile', async () => {
  await database.pool.query('create table used (n int)')
  const reader = await database.pool.connect()
  await reader.query('begin')
  await reader.query('select from used')
  write('9001-expand.sql', 'alter table used add column note text')
  const applying = run()
  const isWaiting = async (): Promise<boolean> => {
    const { rows } = await database.pool.query(
      "select from pg_stat_activity where application_name = 'tallycast migrate' and wait_event_type = 'Lock' and datname = current_database()",
    )
    return rows.length > 0
  }
  await waitUntil(isWaiting, { what: 'the migration waits' })
  const began = performance.now()
  await database.pool.query('insert into used values (1)')
  const tookMs = performance.now() - began
  await reader.query('commit')
  reader.release()
  expect(await applying).toEqual(['9001-expand.sql'])
  expect(tookMs).toBeLessThan(2_000)
  expect(await countOf('used where note is null')).toBe(1)
})

test('a migration that was changed after it was applied is refused', async () => {
  write('9001-first.sql', 'create table made (n int)')
  await run()
  write('9001-first.sql', 'create table made (n bigint)')
  await expect(run()).rejects.toMatchObject({
    name: 'SetupProblem',
    message: expect.stringContaining('9001-first.sql'),
  })
})

test('the secrets are made once, of 32 random bytes each', async () => {
  const read = async () =>
    (await database.pool.query<{ name: string; value: Buffer }>('select name, value from secret order by name')).rows
  const before = await read()
  expect(before.map(({ name, value }) => [name, value.length])).toEqual([
    ['result_signing', 32],
    ['service', 32],
    ['session', 32],
    ['voter_pepper', 32],
  ])
  expect(new Set(before.map(({ value }) => value.toString('hex'))).size).toBe(4)
  await run()
  expect(await read()).toEqual(before)
})

test('a PostgreSQL that is not there is a problem with a remedy', async () => {
  await expect(migrate('postgres://nobody@127.0.0.1:1/none', { log, folder })).rejects.toMatchObject({
    name: 'SetupProblem',
    remedy: expect.stringContaining('DATABASE_URL'),
  })
})

test('polls are read while the index of their join codes is built', async () => {
  await database.pool.query('drop index one_poll_per_join_code')
  const building = await database.pool.connect()
  await building.query('begin')
  await building.query(readFileSync(new URL('../../migrations/0013-join-codes-unique.sql', import.meta.url), 'utf8'))
  try {
    const reader = await database.pool.connect()
    await reader.query("set lock_timeout = '2s'")
    expect((await reader.query('select join_code from poll')).rows).toEqual([])
    reader.release(true)
  } finally {
    await building.query('rollback')
    building.release()
  }
})
