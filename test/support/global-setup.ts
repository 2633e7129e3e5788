import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import type { TestProject } from 'vitest/node'
import { startEmbeddedPostgres } from '../../src/runtime/embedded-postgres.ts'
import { createLog } from '../../src/runtime/log.ts'
import { migrate } from '../../src/runtime/migrations.ts'
import { provideRedisServer } from '../../src/runtime/redis-server.ts'
import { keepOnLeash } from './leash.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** A PostgreSQL whose user may create databases. */
    postgresUrl: string
    /** The migrated database that each test file's own is cloned from. */
    templateDatabase: string
    redisUrl: string
  }
}

type Provided = { readonly url: string; readonly stop: () => Promise<void> }

const log = createLog({ name: 'test', level: 'warn' })

/** One PostgreSQL and one Redis for the whole run: those that the environment names, else servers of our own. */
const setUp = async (project: TestProject): Promise<() => Promise<void>> => {
  const folder = await mkdtemp(join(tmpdir(), 'tallycast-test-'))
  const postgres = await providePostgres(folder)
  const redis = await provideRedis(folder)
  const template = await createTemplate(postgres.url)

  project.provide('postgresUrl', postgres.url)
  project.provide('templateDatabase', template)
  project.provide('redisUrl', redis.url)

  return async () => {
    await onServer(postgres.url, `drop database if exists ${template} with (force)`)
    await Promise.all([postgres.stop(), redis.stop()])
    await rm(folder, { recursive: true, force: true })
  }
}
export default setUp

const providePostgres = async (folder: string): Promise<Provided> => {
  const given = process.env['TEST_DATABASE_URL']
  if (given !== undefined) return { url: given, stop: async () => undefined }
  const dataDir = join(folder, 'postgres')
  const server = await startEmbeddedPostgres({
    dataDir,
    log,
    isDurable: false,
    settings: { shared_preload_libraries: 'pg_stat_statements', max_connections: '400' },
  })
  const leash = keepOnLeash(server.pid, dataDir)
  return { url: server.databaseUrl, stop: async () => (await server.stop(), leash.release()) }
}

const provideRedis = async (folder: string): Promise<Provided> => {
  const given = process.env['TEST_REDIS_URL']
  if (given !== undefined) return { url: given, stop: async () => undefined }
  const dir = join(folder, 'redis')
  const server = await provideRedisServer({ dir, log })
  const leash = keepOnLeash(server.pid, dir)
  return { url: server.redisUrl, stop: async () => (await server.stop(), leash.release()) }
}

/** Migrating takes longer than cloning, so it is done once. Nobody stays connected: a template in use cannot be cloned. */
const createTemplate = async (postgresUrl: string): Promise<string> => {
  const template = `template_${randomBytes(8).toString('hex')}`
  await onServer(postgresUrl, `create database ${template}`)
  const url = new URL(postgresUrl)
  url.pathname = `/${template}`
  await migrate(url.href, { log })
  return template
}

const onServer = async (postgresUrl: string, statement: string): Promise<void> => {
  const client = new pg.Client({ connectionString: postgresUrl })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}
