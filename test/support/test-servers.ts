import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startEmbeddedPostgres } from '../../src/runtime/embedded-postgres.ts'
import { createLog } from '../../src/runtime/log.ts'
import { provideRedisServer } from '../../src/runtime/redis-server.ts'
import { keepOnLeash } from './leash.ts'

const log = createLog({ name: 'test', level: 'warn' })

export type TestServers = {
  /** A PostgreSQL whose user may create databases. */
  readonly postgresUrl: string
  readonly redisUrl: string
  /** Stops those that were started here. */
  readonly stop: () => Promise<void>
}

/** One PostgreSQL and one Redis for many test files: those that the environment names, else servers of our own. */
export const provideTestServers = async (): Promise<TestServers> => {
  const undo: (() => Promise<unknown>)[] = []
  const stop = async (): Promise<void> => {
    for (const step of undo.splice(0).toReversed()) await step()
  }
  try {
    const postgresUrl = process.env['TEST_DATABASE_URL'] ?? (await startPostgres(undo))
    const redisUrl = process.env['TEST_REDIS_URL'] ?? (await startRedis(undo))
    return { postgresUrl, redisUrl, stop }
  } catch (fault) {
    await stop()
    throw fault
  }
}

/** What is to be undone, the latest last. */
type Undo = (() => Promise<unknown>)[]

const startPostgres = async (undo: Undo): Promise<string> => {
  const dataDir = await makeFolder('postgres', 'postgres/postmaster.pid', undo)
  const server = await startEmbeddedPostgres({
    dataDir,
    log,
    isDurable: false,
    settings: { shared_preload_libraries: 'pg_stat_statements', max_connections: '400' },
  })
  undo.push(server.stop)
  return server.databaseUrl
}

const startRedis = async (undo: Undo): Promise<string> => {
  const dir = await makeFolder('redis', 'redis.pid', undo)
  const server = await provideRedisServer({ dir, log })
  undo.push(server.stop)
  return server.redisUrl
}

const makeFolder = async (server: string, pidFile: string, undo: Undo): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), `tallycast-test-${server}-`))
  const leash = keepOnLeash(folder, pidFile)
  undo.push(async () => {
    await rm(folder, { recursive: true, force: true })
    leash.release()
  })
  return folder
}
