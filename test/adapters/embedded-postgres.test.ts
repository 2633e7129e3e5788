import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startEmbeddedPostgres } from '../../src/runtime/embedded-postgres.ts'
import { createLog } from '../../src/runtime/log.ts'
import { pageCacheMegabytes } from '../../src/runtime/postgres-memory.ts'
import { processIdentity } from '../../src/runtime/process-identity.ts'
import { findFreePorts } from '../support/free-ports.ts'
import { keepOnLeash } from '../support/leash.ts'
import type { Leash } from '../support/leash.ts'
import { waitUntil } from '../support/wait-until.ts'

const log = createLog({ name: 'test', level: 'silent' })
const holder = fileURLToPath(new URL('../support/hold-postgres.ts', import.meta.url))

// Making a cluster takes longer than starting one: all tests but those about the first start use the same.
let folder: string
let dataDir: string
const leashes: Leash[] = []
beforeAll(() => {
  // Mode 0700, like a home: a server that root hands to another user is not able to walk in here.
  folder = mkdtempSync(join(tmpdir(), 'tallycast-embedded-'))
  dataDir = makeDataDir('data')
})
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
  for (const leash of leashes) leash.release()
})

const makeDataDir = (name: string): string => {
  const dir = join(folder, name)
  mkdirSync(dir)
  leashes.push(keepOnLeash(dir, 'postgres/postmaster.pid'))
  return dir
}

const start = async () => startEmbeddedPostgres({ dataDir, log, isDurable: false })

const query = async (databaseUrl: string, sql: string): Promise<unknown[]> => {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows
  } finally {
    await client.end()
  }
}

type Holder = { readonly child: ChildProcess; readonly databaseUrl: string; readonly serverPid: number }

/** Another Tallycast on the same folder, as far as PostgreSQL is concerned, in a process group of its own. */
const startHolder = async (): Promise<Holder> => {
  const child = spawn(process.execPath, [holder, dataDir], { stdio: ['pipe', 'pipe', 'ignore'], detached: true })
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string] // what a line event carries
  const { databaseUrl, serverPid } = JSON.parse(line) as Omit<Holder, 'child'> // what hold-postgres.ts prints
  return { child, databaseUrl, serverPid }
}

test('data and port are the same after a restart', async () => {
  // One that nobody else takes between the two.
  const [port = 0] = await findFreePorts(1)
  const first = await startEmbeddedPostgres({ dataDir, log, port, isDurable: false })
  await query(first.databaseUrl, 'create table kept_over_restart as select 42 as n')
  await first.stop()
  await using second = await start()
  expect(second.databaseUrl).toBe(first.databaseUrl)
  expect(await query(second.databaseUrl, 'select n from kept_over_restart')).toEqual([{ n: 42 }])
})

test('by default what is committed survives a power failure', async () => {
  await using server = await startEmbeddedPostgres({ dataDir, log })
  const settings = await query(
    server.databaseUrl,
    `select current_setting('fsync') as fsync, current_setting('synchronous_commit') as commit,
            current_setting('full_page_writes') as pages, current_setting('server_encoding') as encoding`,
  )
  expect(settings).toEqual([{ fsync: 'on', commit: 'on', pages: 'on', encoding: 'UTF8' }])
})

test('pages are kept in a share of the memory of this machine', async () => {
  await using server = await startEmbeddedPostgres({ dataDir, log })
  const [row] = await query(
    server.databaseUrl,
    "select pg_size_bytes(current_setting('shared_buffers'))::float8 as bytes",
  )
  expect(row).toEqual({ bytes: pageCacheMegabytes(totalmem(), process.constrainedMemory()) * 2 ** 20 })
})

test('nobody gets in without the password', async () => {
  await using server = await start()
  const url = new URL(server.databaseUrl)
  url.password = 'guessed'
  await expect(query(url.href, 'select 1')).rejects.toThrow('password authentication failed')
})

test('a PostgreSQL that is killed is started again, where it was and with its data', async () => {
  await using server = await start()
  await query(server.databaseUrl, 'create table kept_over_crash as select 42 as n')
  const killed = server.pid()
  process.kill(killed, 'SIGKILL')
  await waitUntil(() => server.pid() !== killed, { withinMs: 10_000 })
  expect(await query(server.databaseUrl, 'select n from kept_over_crash')).toEqual([{ n: 42 }])
})

test('an instance that was killed leaves an orphan, which the next one stops', async () => {
  const { child, databaseUrl, serverPid } = await startHolder()
  await query(databaseUrl, 'create table kept_by_orphan as select 42 as n')
  child.kill('SIGKILL')
  await once(child, 'exit')
  expect(processIdentity(serverPid)).not.toBeNull()

  await using server = await start()
  expect(processIdentity(serverPid)).toBeNull()
  expect(await query(server.databaseUrl, 'select n from kept_by_orphan')).toEqual([{ n: 42 }])
})

test('a folder in use by another running instance is refused, and left in peace', async () => {
  const { child, databaseUrl } = await startHolder()
  await expect(start()).rejects.toMatchObject({
    name: 'SetupProblem',
    message: expect.stringContaining(`in use by another running Tallycast (process ${child.pid})`),
    remedy: expect.stringContaining('DATA_DIR'),
  })
  expect(await query(databaseUrl, 'select 1 as n')).toEqual([{ n: 1 }])
  child.kill('SIGINT')
  await once(child, 'exit')
})

test('a lock whose pid has been given to another process since is stale', async () => {
  writeFileSync(join(dataDir, 'instance.lock'), JSON.stringify({ pid: process.ppid, identity: 'an earlier life' }))
  await using server = await start()
  expect(await query(server.databaseUrl, 'select 1 as n')).toEqual([{ n: 1 }])
})

test('a pid file whose pid has been given to another process since does not keep PostgreSQL from starting', async () => {
  const first = await start()
  await first.stop()
  // This very process: alive, of another name.
  writeFileSync(join(dataDir, 'postgres/postmaster.pid'), `${process.pid}\n`)
  await using server = await start()
  expect(await query(server.databaseUrl, 'select 1 as n')).toEqual([{ n: 1 }])
})

test('Ctrl-C reaches the process alone: PostgreSQL answers until it is stopped', async () => {
  const { child, serverPid } = await startHolder()
  const output = createInterface({ input: child.stdout! }) // a pipe, as startHolder asked for
  const line = once(output, 'line')
  process.kill(-child.pid!, 'SIGINT') // it has a pid, since it has printed a line; minus: its whole group, as a terminal does
  expect(await line).toEqual(['answered until the end'])
  await once(child, 'exit')
  expect(child.exitCode).toBe(0)
  await waitUntil(() => processIdentity(serverPid) === null)
})

test('a start can be cut short, and leaves nothing that hinders the next', async () => {
  const fresh = makeDataDir('cut-short')
  const controller = new AbortController()
  const started = startEmbeddedPostgres({ dataDir: fresh, log, isDurable: false, signal: controller.signal })
  await waitUntil(() => existsSync(join(fresh, 'postgres.new')))
  controller.abort(new Error('asked to stop'))
  await expect(started).rejects.toThrow('asked to stop')
  expect(existsSync(join(fresh, 'postgres'))).toBe(false)
  await using server = await startEmbeddedPostgres({ dataDir: fresh, log, isDurable: false })
  expect(await query(server.databaseUrl, 'select 1 as n')).toEqual([{ n: 1 }])
})

test('a folder that cannot be made or written is a problem with a remedy', async () => {
  const file = join(folder, 'file')
  writeFileSync(file, '')
  const sealed = join(folder, 'sealed')
  mkdirSync(sealed)
  chmodSync(sealed, 0o500)
  // No mode stops root; the system's own folder does.
  const isRoot = process.getuid?.() === 0
  const unusable = [
    [file, 'cannot be made: there is a file of that name, or above it'],
    [join(file, 'data'), 'cannot be made: there is a file of that name, or above it'],
    [isRoot ? '/sys/tallycast' : sealed, 'cannot be written'],
  ] as const
  for (const [place, said] of unusable) {
    await expect(startEmbeddedPostgres({ dataDir: place, log })).rejects.toMatchObject({
      name: 'SetupProblem',
      message: expect.stringContaining(`${place} ${said}`),
      remedy: expect.stringContaining('DATA_DIR'),
    })
  }
})

test('data of another major version is a problem with a remedy', async () => {
  const other = makeDataDir('other-major')
  mkdirSync(join(other, 'postgres'))
  writeFileSync(join(other, 'postgres/PG_VERSION'), '17\n')
  writeFileSync(join(other, 'postgres-password'), 'x\n')
  await expect(startEmbeddedPostgres({ dataDir: other, log })).rejects.toMatchObject({
    name: 'SetupProblem',
    message: expect.stringMatching(/belongs to PostgreSQL 17, and this Tallycast brings PostgreSQL 18/),
    remedy: expect.stringContaining('pg_dump'),
  })
  // The lock was given back.
  expect(existsSync(join(other, 'instance.lock'))).toBe(false)
})
