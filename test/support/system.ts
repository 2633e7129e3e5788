import { randomBytes } from 'node:crypto'
import { afterAll, afterEach, beforeAll } from 'vitest'
import type { RedisConnections } from '../../src/adapters/redis/connect.ts'
import { onServerOf, type RedisCluster } from '../../src/adapters/redis/servers.ts'
import { processIdentity } from '../../src/runtime/process-identity.ts'
import { findFreePorts } from './free-ports.ts'
import { withLeastRights } from './least-rights.ts'
import { startTestPostgres, type TestPostgres } from './own-postgres.ts'
import { createTestDatabase, type TestDatabase } from './postgres.ts'
import { connectTestCluster } from './adapters-cluster.ts'
import { raisedLimits } from './raised-limits.ts'
import { startTestCluster, type TestCluster } from './redis-cluster.ts'
import { shareTestRedis, startTestRedis, type TestRedis } from './redis.ts'
import { becomesReady, type ServerProcess, startServerProcess } from './server-process.ts'
import { type ReachedRedis, withServers } from './servers-of.ts'
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts'
import { waitUntil } from './wait-until.ts'

export type Role = 'api' | 'worker' | 'admin'

const servedWithinMs = 30_000

export type SystemPlan = {
  readonly apis?: number
  readonly workers?: number
  readonly admins?: number
  readonly partitions?: number
  readonly env?: Readonly<Record<string, string>>
  /** What one role alone is given, on top of `env`. */
  readonly envOf?: Partial<Record<Role, Readonly<Record<string, string>>>>
  /** What one process alone is given, on top of that, by its name (`api 1`). */
  readonly envOfMember?: Readonly<Record<string, Readonly<Record<string, string>>>>
  /** `own`: a Redis that nobody else uses, to be killed or looked into; `cluster`: such a Redis Cluster. */
  readonly redis?: 'own' | 'shared' | 'cluster'
  /** A command under which a Redis of its own runs. */
  readonly redisUnder?: readonly string[]
  /** `own`: a PostgreSQL server that nobody else uses, to be killed or made to wait. */
  readonly postgres?: 'own' | 'shared'
  /** Whether what each role says to Redis and PostgreSQL goes over ways that a test can break. */
  readonly hasWays?: boolean
  /** Whether each process has such ways of its own instead. */
  readonly hasOwnWays?: boolean
  /** A composition root of the tests' (below `test/support/`) instead of the role's own. */
  readonly programOf?: Partial<Record<Role, `${string}.ts`>>
  /** Called with the database, and with its server where that is the system's own, before anything is started on it. */
  readonly prepare?: (
    database: TestDatabase,
    postgres: TestPostgres | null,
  ) => Promise<Partial<Pick<SystemPlan, 'envOf' | 'envOfMember'>> | void>
}

/** One process of the system, with the address where it answers. */
export type Member = ServerProcess & {
  readonly url: string
  readonly opsUrl: string
  /** What lies between it and the servers: its own ways, or those of its role. Null where the plan has none. */
  readonly ways: Ways | null
  /** Starts it again after its end, for this life with more environment, and waits until it serves. */
  readonly restart: (more?: Readonly<Record<string, string>>) => Promise<void>
}

/** What lies between a process, or the processes of one role, and the servers. */
export type Ways = { readonly redis: TcpProxy; readonly postgres: TcpProxy }

/** The full profile: real processes on a database and a Redis of their own. */
export type System = {
  readonly apis: readonly Member[]
  readonly workers: readonly Member[]
  readonly admins: readonly Member[]
  readonly adminToken: string
  readonly database: TestDatabase
  readonly redisUrl: string
  readonly redisPrefix: string
  /** Null where the Redis is shared, or is a cluster. */
  readonly redis: TestRedis | null
  /** Null where the Redis is none, else with connections of the test's own. */
  readonly cluster: (TestCluster & { readonly connections: RedisConnections<RedisCluster> }) | null
  /** Null where the server is shared. */
  readonly postgres: TestPostgres | null
  /** By role; null where the plan has none. */
  readonly ways: Readonly<Record<Role, Ways>> | null
  /** An api by number, counted round. */
  readonly apiUrl: (number: number) => string
  readonly logs: () => string
  readonly stop: () => Promise<void>
}

export const startSystem = async (plan: SystemPlan = {}): Promise<System> => {
  const postgres = plan.postgres === 'own' ? await startTestPostgres() : null
  const database = postgres ?? (await createTestDatabase())
  const redis = plan.redis === 'own' ? await startTestRedis([], plan.redisUnder) : null
  const cluster = plan.redis === 'cluster' ? await startOwnCluster() : null
  // A process may do no more in a cluster than the docs say it has to.
  const ownUrl = redis?.redisUrl ?? (cluster === null ? null : withLeastRights(cluster.redisUrl))
  const { redisUrl, prefix } = ownUrl === null ? shareTestRedis() : { redisUrl: ownUrl, prefix: '' }
  const ways = plan.hasWays === true ? await layWays(database.databaseUrl, redisUrl) : null
  const prepared = (await plan.prepare?.(database, postgres)) ?? {}
  const envOf = { ...plan.envOf, ...prepared.envOf }
  const adminToken = randomBytes(24).toString('base64url')
  const counts = { api: plan.apis ?? 1, worker: plan.workers ?? 1, admin: plan.admins ?? 1 }
  const ports = [...(await findFreePorts(2 * (counts.api + counts.worker + counts.admin)))]
  const takePort = (): number => ports.pop() ?? 0
  const shared = {
    DATABASE_URL: database.databaseUrl,
    REDIS_URL: redisUrl,
    REDIS_PREFIX: prefix,
    ADMIN_TOKEN: adminToken,
    VOTE_PARTITIONS: String(plan.partitions ?? 1),
    HOST: '127.0.0.1',
    ...raisedLimits,
  }
  const grpcPorts = Array.from({ length: counts.admin }, takePort)
  const members: Member[] = []
  const ownWays = await layOwnWays(plan, counts, database.databaseUrl, redisUrl)
  const start = (role: Role, name: string, own: Readonly<Record<string, string>>, port: number): Member => {
    const memberWays = ownWays[role].shift() ?? ways?.[role] ?? null
    const env = {
      ...shared,
      ...(memberWays !== null && overWays(memberWays, shared)),
      ADMIN_GRPC_URL: `127.0.0.1:${grpcPorts[0]}`,
      ...plan.env,
      ...own,
      ...envOf[role],
      ...(prepared.envOfMember ?? plan.envOfMember)?.[name],
    }
    const member = startMember(plan.programOf?.[role] ?? role, name, env, port, takePort(), memberWays)
    members.push(member)
    return member
  }
  const stop = async (): Promise<void> => {
    await Promise.all(members.map(async (member) => member.stop()))
    const laid = [...Object.values(ways ?? {}), ...members.flatMap((member) => member.ways ?? [])]
    for (const way of new Set(laid)) await Promise.all([way.redis.stop(), way.postgres.stop()])
    await database.drop()
    await redis?.stop()
    cluster?.connections.stop()
    await cluster?.stop()
  }

  try {
    const admins = grpcPorts.map((port, index) => start('admin', `admin ${index}`, { GRPC_PORT: String(port) }, port))
    const workers = Array.from({ length: counts.worker }, (_, index) => start('worker', `worker ${index}`, {}, 0))
    const apis = Array.from({ length: counts.api }, (_, index) => {
      const port = takePort()
      return start('api', `api ${index}`, { PORT: String(port) }, port)
    })
    await Promise.all(members.map(async (member) => memberBecomesReady(member)))
    const reached = { redisUrl, redisPrefix: prefix, cluster }
    if (counts.worker > 0) {
      await waitUntil(async () => isServed(reached, database, plan.partitions ?? 1), {
        withinMs: servedWithinMs,
        what: 'each partition has an owner',
      })
    }
    return {
      apis,
      workers,
      admins,
      adminToken,
      database,
      redisUrl,
      redisPrefix: prefix,
      redis,
      cluster,
      postgres,
      ways,
      // There is at least one, as planned.
      apiUrl: (number) => apis[number % apis.length]!.url,
      logs: () => members.map((member) => `--- ${member.name}\n${member.output()}`).join('\n'),
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

/**
 * Whether each partition has an owner that has told its epoch. A poll that is opened before has no doors yet: its first voters may be told to
 * come back, and what is logged and asked while its doors are made hangs on who was faster.
 */
const isServed = async (reached: ReachedRedis, { pool }: TestDatabase, partitions: number): Promise<boolean> => {
  const { rows } = await pool.query<{ partition: number; epoch: number }>(
    'select partition, epoch from checkpoint where lease_until > clock_timestamp()',
  )
  if (rows.length < partitions) return false
  return withServers(reached, async (servers, keys) => {
    const told = rows.map(async ({ partition, epoch }) => {
      const key = keys.epoch(partition)
      return (await onServerOf(servers, key, async (redis) => redis.get(key))) === String(epoch)
    })
    return (await Promise.all(told)).every(Boolean)
  })
}

const startOwnCluster = async (): Promise<NonNullable<System['cluster']>> => {
  const cluster = await startTestCluster()
  return { ...cluster, connections: await connectTestCluster(cluster.redisUrl) }
}

const layWays = async (databaseUrl: string, redisUrl: string): Promise<Readonly<Record<Role, Ways>>> => {
  const layBoth = async (): Promise<Ways> => layPair(databaseUrl, redisUrl)
  return { api: await layBoth(), worker: await layBoth(), admin: await layBoth() }
}

const layPair = async (databaseUrl: string, redisUrl: string): Promise<Ways> => {
  const lay = async (url: string): Promise<TcpProxy> => startTcpProxy('127.0.0.1', Number(new URL(url).port))
  return { redis: await lay(redisUrl), postgres: await lay(databaseUrl) }
}

/** Ways for each process to come, in the order in which they are started. */
const layOwnWays = async (
  { hasOwnWays = false }: SystemPlan,
  counts: Readonly<Record<Role, number>>,
  databaseUrl: string,
  redisUrl: string,
): Promise<Record<Role, Ways[]>> => {
  const layFor = async (count: number): Promise<Ways[]> =>
    Promise.all(Array.from({ length: hasOwnWays ? count : 0 }, async () => layPair(databaseUrl, redisUrl)))
  return { api: await layFor(counts.api), worker: await layFor(counts.worker), admin: await layFor(counts.admin) }
}

type Addresses = { readonly DATABASE_URL: string; readonly REDIS_URL: string }

const overWays = ({ redis, postgres }: Ways, addresses: Addresses): Addresses => {
  const over = (address: string, { port }: TcpProxy): string => {
    const url = new URL(address)
    url.port = String(port)
    return url.href
  }
  return { DATABASE_URL: over(addresses.DATABASE_URL, postgres), REDIS_URL: over(addresses.REDIS_URL, redis) }
}

const startMember = (
  program: Parameters<typeof startServerProcess>[0]['program'],
  name: string,
  env: Readonly<Record<string, string>>,
  port: number,
  opsPort: number,
  ways: Ways | null,
): Member => {
  const server = startServerProcess({ name, program, env: { ...env, OPS_PORT: String(opsPort) } })
  const member: Member = {
    ...server,
    url: `http://127.0.0.1:${port}`,
    opsUrl: `http://127.0.0.1:${opsPort}`,
    ways,
    async restart(more) {
      server.start(more)
      await memberBecomesReady(member)
    },
  }
  return member
}

const memberBecomesReady = async (member: Member): Promise<void> =>
  becomesReady(member, Number(new URL(member.opsUrl).port))

/** What a test that failed has ended or stopped, for another attempt and for the tests behind it. */
const bringBack = async ({ redis, cluster, postgres, apis, workers, admins }: System): Promise<void> => {
  for (const server of [redis, postgres, ...(cluster?.servers ?? [])]) {
    if (server === null) continue
    if (processIdentity(server.pid()) === null) await server.restart()
    else process.kill(server.pid(), 'SIGCONT')
  }
  const members = [...apis, ...workers, ...admins].map(async (member) => {
    member.signal('SIGCONT')
    if (!member.isRunning()) await member.restart()
  })
  await Promise.all(members)
}

/**
 * One system for all tests of a file, or of a `describe`. What its processes wrote is shown when a test fails. A plan that is a
 * function is asked once the tests run, for what a `beforeAll` in front of it has made.
 */
export const useSystem = (plan: SystemPlan | (() => SystemPlan)): (() => System) => {
  let system: System | undefined
  beforeAll(async () => {
    system = await startSystem(typeof plan === 'function' ? plan() : plan)
  })
  afterEach(async ({ task }) => {
    if (task.result?.state !== 'fail' || system === undefined) return
    console.error(system.logs())
    await bringBack(system)
  })
  afterAll(async () => system?.stop())
  return () => {
    if (system === undefined) throw new Error('the system is only there while tests run')
    return system
  }
}
