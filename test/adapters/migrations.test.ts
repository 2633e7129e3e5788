import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createLog } from '../../src/runtime/log.ts'
import { migrate, refuseOlderSchema } from '../../src/runtime/migrations.ts'
import { createTestDatabase } from '../support/postgres.ts'
import type { TestDatabase } from '../support/postgres.ts'
import { type Program, startServerProcess } from '../support/server-process.ts'
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
  // Else it would have waited for the reader, who waits for it.
  expect(tookMs).toBeLessThan(5_000)
  expect(await countOf('used where note is null')).toBe(1)
})

test('a migration may take longer than its user has for a statement', async () => {
  const { username, pathname } = new URL(database.databaseUrl)
  await database.pool.query(`alter role ${username} in database ${pathname.slice(1)} set statement_timeout = '300ms'`)
  write('9001-large-index.sql', 'create table made (n int); select pg_sleep(0.6)')
  expect(await run()).toEqual(['9001-large-index.sql'])
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

test('a schema of another release: an older one is refused, a newer one is not', async () => {
  const check = async (): Promise<void> => refuseOlderSchema(database.databaseUrl, folder)
  write('9001-first.sql', 'create table made (n int)')
  await run()
  await check()
  write('9002-second.sql', 'alter table made add column note text')
  await expect(check()).rejects.toMatchObject({
    name: 'SetupProblem',
    message: expect.stringContaining('lacks 9002-second.sql'),
    remedy: expect.stringContaining('npm run migrate'),
  })
  await run()
  rmSync(join(folder, '9001-first.sql'))
  await check()
})

test('while a migration is under way, whoever does not need it starts, and whoever needs it is refused at once', async () => {
  write('9001-first.sql', 'create table made (n int)')
  await run()
  const migrating = await database.pool.connect()
  await migrating.query('begin')
  try {
    await migrating.query('alter table made add column note text')
    await migrating.query("insert into migration (name, checksum) values ('9002-second.sql', '')")
    await refuseOlderSchema(database.databaseUrl, folder)
    write('9002-second.sql', 'alter table made add column note text')
    await expect(refuseOlderSchema(database.databaseUrl, folder)).rejects.toThrow('lacks 9002-second.sql')
  } finally {
    await migrating.query('rollback')
    migrating.release()
  }
})

test.each<[Program, Readonly<Record<string, string>>]>([
  ['api', { ADMIN_GRPC_URL: '127.0.0.1:1', PORT: '0' }],
  ['worker', {}],
  ['admin', { GRPC_PORT: '0' }],
])('%s does not start on a database that lacks the newest migration', async (program, own) => {
  await database.pool.query('delete from migration where name = (select max(name) from migration)')
  const env = { ...own, DATABASE_URL: database.databaseUrl, OPS_PORT: '0' }
  const role = startServerProcess({ name: program, program, env })
  try {
    expect((await role.ended()).exitCode).toBe(1)
    expect(role.output()).toContain('Tallycast cannot start: the database has an older schema: it lacks ')
  } finally {
    await role.stop()
  }
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
