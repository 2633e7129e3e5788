import { createHash, randomBytes } from 'node:crypto'
import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import type { Log } from './log.ts'
import { refuseSharedSessions } from './postgres-pooler.ts'
import { connectForSetup } from './setup-connection.ts'
import { SetupProblem } from './setup-problem.ts'
import { sleep } from './stop-signal.ts'

/** "tally" in hexadecimal ASCII: any number will do, if nobody else locks it in the same database. */
const advisoryLock = 0x74616c6c79
const turnWithinMs = 60_000
/** Processes of an older release serve meanwhile: their statements queue behind a lock that we wait for, so we never wait long. */
const tableLockWithinMs = 300
/** Then they are let through for so long before we ask again, until somebody has held the lock for too long. */
const tableLockPauseMs = 700
const tableLocksWithinMs = 60_000
const lockNotAvailable = '55P03'
const answerWithinMs = 10_000
const secretBytes = 32
const secretNames = ['voter_pepper', 'session', 'service', 'result_signing']
const fileName = /^\d{4}-[a-z0-9-]+\.sql$/

/** Where the migrations lie in this package. */
const migrationsFolder = fileURLToPath(new URL('../../migrations/', import.meta.url))

type Migration = { readonly name: string; readonly sql: string; readonly checksum: string }

type MigrateOptions = {
  readonly log: Log
  readonly folder?: string
  readonly signal?: AbortSignal
}

/**
 * Brings the database to the newest schema, and makes the shared secrets that are not there yet. Any number of processes may
 * call it at once: they wait for each other. Returns the names of the migrations that this call applied.
 */
export const migrate = async (
  databaseUrl: string,
  { log, folder = migrationsFolder, signal }: MigrateOptions,
): Promise<readonly string[]> => {
  const migrations = await readMigrations(folder)
  const client = await connectForSetup(databaseUrl, 'tallycast migrate', (err) =>
    log.warn({ err }, 'the connection to PostgreSQL broke while migrating'),
  )
  try {
    await refuseSharedSessions(databaseUrl, 'a migration')
    // Behind a pooler the user has seconds for a statement: a turn may take longer, and so may an index of a large table.
    await client.query('set statement_timeout = 0')
    await client.query(`set lock_timeout = ${turnWithinMs}`)
    await client.query('select pg_advisory_lock($1)', [advisoryLock])
    await client.query(`set lock_timeout = ${tableLockWithinMs}`)
    await client.query(createMigrationTable)
    const applied = await readApplied(client)
    refuseUnexpected(migrations, applied)
    const missing = migrations.filter(({ name }) => !applied.has(name))
    for (const migration of missing) {
      await applyBetween(client, migration, log, signal)
      log.info({ migration: migration.name }, 'migration applied')
    }
    await makeSecrets(client)
    return missing.map(({ name }) => name)
  } finally {
    await client.end() // which also gives the lock back
  }
}

/**
 * Throws a SetupProblem where the database lacks a migration of this release. What a newer release has applied, or applies meanwhile,
 * is no reason: its migrations are made so that this one can serve on.
 */
export const refuseOlderSchema = async (databaseUrl: string, folder = migrationsFolder): Promise<void> => {
  const migrations = await readMigrations(folder)
  // A connection that breaks fails the question, too.
  const ignore = (): void => undefined
  const client = await connectForSetup(databaseUrl, 'tallycast schema', ignore, { query_timeout: answerWithinMs })
  try {
    const applied = await readApplied(client)
    const missing = migrations.filter(({ name }) => !applied.has(name))
    if (missing.length > 0) throw explainMissing(missing)
  } finally {
    await client.end()
  }
}

const explainMissing = (missing: readonly Migration[]): SetupProblem =>
  new SetupProblem(
    `the database has an older schema: it lacks ${missing.map(({ name }) => name).join(', ')}`,
    'run npm run migrate of this release, then start again',
  )

const createMigrationTable = `
  create table if not exists migration (
    name text primary key,
    checksum text not null,
    applied_at timestamptz not null default now()
  )`

const readMigrations = async (folder: string): Promise<readonly Migration[]> => {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).toSorted()
  const odd = names.filter((name) => !fileName.test(name))
  if (odd.length > 0) throw new Error(`not named like 0001-what-it-does.sql: ${odd.join(', ')}`)
  return Promise.all(
    names.map(async (name) => {
      const sql = await readFile(join(folder, name), 'utf8')
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') }
    }),
  )
}

const readApplied = async (client: pg.Client): Promise<ReadonlyMap<string, string>> => {
  const { rows } = await client.query<{ name: string; checksum: string }>('select name, checksum from migration')
  return new Map(rows.map(({ name, checksum }) => [name, checksum]))
}

/**
 * A file changed after it was applied would leave two databases that claim the same schema. Migrations that this release does
 * not know are a newer release's, which are made so that this one can serve on; they are no reason to stop.
 */
const refuseUnexpected = (migrations: readonly Migration[], applied: ReadonlyMap<string, string>): void => {
  const changed = migrations.filter(({ name, checksum }) => applied.has(name) && applied.get(name) !== checksum)
  if (changed.length === 0) return
  throw new SetupProblem(
    `already applied to this database, but changed since: ${changed.map(({ name }) => name).join(', ')}`,
    'restore the file as it was released and write what is to change into a new migration',
  )
}

/** Applies it as soon as nobody holds what it has to lock; whoever is in the middle of something is not interrupted. */
const applyBetween = async (
  client: pg.Client,
  migration: Migration,
  log: Log,
  signal: AbortSignal | undefined,
): Promise<void> => {
  const deadline = performance.now() + tableLocksWithinMs
  for (;;) {
    signal?.throwIfAborted()
    try {
      return await apply(client, migration)
    } catch (error) {
      if (!isLockNotAvailable(error)) throw error
      if (performance.now() >= deadline) throw explainLock(migration, error)
      log.info({ migration: migration.name }, 'a table is in use; trying again')
    }
    await sleep(tableLockPauseMs, signal)
  }
}

const isLockNotAvailable = (error: unknown): boolean =>
  error instanceof Error && error.cause instanceof pg.DatabaseError && error.cause.code === lockNotAvailable

const explainLock = ({ name }: Migration, cause: unknown): SetupProblem =>
  new SetupProblem(
    `migration ${name} has to lock a table that others have held for ${tableLocksWithinMs / 1000} s; the database is as it was before it`,
    'end long transactions on it (a backup, a report, a forgotten session: see pg_stat_activity), then migrate again',
    { cause },
  )

const apply = async (client: pg.Client, { name, sql, checksum }: Migration): Promise<void> => {
  await client.query('begin')
  try {
    await client.query(sql)
    await client.query('insert into migration (name, checksum) values ($1, $2)', [name, checksum])
    await client.query('commit')
  } catch (cause) {
    await client.query('rollback')
    throw new Error(`migration ${name} failed; the database is as it was before it`, { cause })
  }
}

/** What all processes share and the environment need not give; made once, by whoever comes first. */
const makeSecrets = async (client: pg.Client): Promise<void> => {
  const { rows } = await client.query<{ found: boolean }>("select to_regclass('secret') is not null as found")
  if (rows[0]?.found !== true) return
  await client.query(
    `insert into secret (name, value)
     select * from unnest($1::text[], $2::bytea[])
     on conflict (name) do nothing`,
    [secretNames, secretNames.map(() => randomBytes(secretBytes))],
  )
}
