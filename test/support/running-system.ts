import { runAdmin } from '../../src/main/admin.ts'
import { type Adapters, connectAdapters } from '../../src/main/adapters.ts'
import { runApi } from '../../src/main/api.ts'
import type { RunRole } from '../../src/main/role.ts'
import { runWorker } from '../../src/main/worker.ts'
import { readConfig } from '../../src/runtime/config.ts'
import { createLog } from '../../src/runtime/log.ts'
import { createMetricsRegistry } from '../../src/runtime/metrics.ts'
import { findFreePorts } from './free-ports.ts'
import { createTestDatabase, type TestDatabase } from './postgres.ts'
import { raisedLimits } from './raised-limits.ts'
import { shareTestRedis } from './redis.ts'
import { waitUntil } from './wait-until.ts'

export const adminToken = 'the-admin-token-of-the-tests-0123456789'

export type Profile = 'postgres' | 'redis'

/** The whole system in this process, each role as its own composition root starts it. */
export type RunningSystem = {
  readonly url: string
  /** Where gRPC answers. */
  readonly grpcAddress: string
  readonly database: TestDatabase
  /** The ports as the system has them, to do to them what the test is about. */
  readonly adapters: Adapters
  /** What was logged at level warn and above, one JSON text per line. */
  readonly logged: string[]
  readonly stop: () => Promise<void>
}

/** Starts admin, worker and api on a database and Redis keys of their own. */
export async function startSystem(
  profile: Profile,
  environment: Readonly<Record<string, string>> = {},
  /** Puts something between the system and its database. */
  reach: (databaseUrl: string) => Promise<string> = async (databaseUrl) => databaseUrl,
): Promise<RunningSystem> {
  const database = await createTestDatabase()
  const redis = shareTestRedis()
  const [port = 0, grpcPort = 0] = await findFreePorts(2)
  const grpcAddress = `localhost:${grpcPort}`
  const config = readConfig(
    {
      DATABASE_URL: await reach(database.databaseUrl),
      ...(profile === 'redis' && { REDIS_URL: redis.redisUrl, REDIS_PREFIX: redis.prefix }),
      HOST: '127.0.0.1',
      PORT: `${port}`,
      GRPC_PORT: `${grpcPort}`,
      ADMIN_GRPC_URL: grpcAddress,
      ADMIN_TOKEN: adminToken,
      VOTE_PARTITIONS: '2',
      VOTE_DURABILITY_CHECK: 'off',
      UPDATE_INTERVAL_MS: '20',
      ...raisedLimits,
      ...environment,
    },
    'all',
  )
  const logged: string[] = []
  const log = createLog({ name: 'test', level: 'warn', destination: { write: (line) => void logged.push(line) } })
  const stopping = new AbortController()
  const adapters = await connectAdapters(config, log)
  const context = {
    config,
    adapters,
    log,
    registry: createMetricsRegistry('test'),
    tracing: null,
    signal: stopping.signal,
  }
  const running: Promise<void>[] = []
  async function stop(): Promise<void> {
    stopping.abort()
    const ended = await Promise.allSettled(running)
    await adapters[Symbol.asyncDispose]()
    await database.drop()
    const failed = ended.find((result) => result.status === 'rejected')
    if (failed) throw failed.reason
  }
  for (const run of [runAdmin, runWorker, runApi] satisfies RunRole[]) {
    const ready = Promise.withResolvers<void>()
    const ended = run(context, ready.resolve)
    running.push(ended)
    // A role that cannot start ends with the reason, which `stop` throws.
    await Promise.race([ready.promise, ended.catch(stop)])
  }
  await waitUntil(async () => (await adapters.lease.owners()).size === config.votePartitions)
  // Its owner tells a partition its epoch moments after it took it over, and doors that are older have to be restored then.
  for (let partition = 0; partition < config.votePartitions; partition += 1) {
    await adapters.stream.raiseEpoch(partition, (await adapters.lease.read(partition)).epoch)
  }
  return {
    url: `http://127.0.0.1:${port}`,
    grpcAddress,
    database,
    adapters,
    logged,
    stop,
  }
}
