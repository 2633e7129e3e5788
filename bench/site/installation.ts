import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { createSecretStore } from '../../src/adapters/postgres/secrets.ts'
import { startEmbeddedPostgres } from '../../src/runtime/embedded-postgres.ts'
import { createLog } from '../../src/runtime/log.ts'
import { migrate } from '../../src/runtime/migrations.ts'
import { provideRedisServer } from '../../src/runtime/redis-server.ts'
import { findFreePorts } from '../../test/support/free-ports.ts'
import { type OrganisedPoll, organisePoll } from '../../test/support/organiser.ts'
import { raisedLimits } from '../../test/support/raised-limits.ts'
import { becomesReady, type ServerProcess, startServerProcess } from '../../test/support/server-process.ts'
import { waitUntil } from '../../test/support/wait-until.ts'
import { moveToCore, productCore } from './cores.ts'

export type Role = 'api' | 'worker' | 'admin'

export type InstallationPlan = {
  /** The role under test, which gets the product's core; null where the whole is measured. */
  readonly underTest: Role | null
  /** `redis`: the full profile; `postgres`: the one that needs PostgreSQL alone, with the roles in processes of their own. */
  readonly profile?: 'redis' | 'postgres'
  readonly partitions?: number
  readonly env?: Readonly<Record<string, string>>
  /** Whether the api asks PostgreSQL by a role of its own that may only read, so that its queries can be told from all others. */
  readonly countsApiQueries?: boolean
}

/** The product as it is installed, durable on this machine's disk: nothing of it is made faster for being measured. */
export type Installation = {
  readonly apiUrl: string
  readonly apiPort: number
  readonly adminToken: string
  readonly redisUrl: string | null
  readonly database: pg.Pool
  readonly secrets: Awaited<ReturnType<ReturnType<typeof createSecretStore>['read']>>
  readonly role: (role: Role) => ServerProcess
  /** Ends a role in order. */
  readonly rest: (role: Role) => Promise<void>
  /** Starts a role that rests, on its core. */
  readonly restart: (role: Role) => Promise<void>
  /** Every process that takes part, for `readCpuTimes`. */
  readonly pids: () => Readonly<Record<string, number>>
  readonly createPoll: (definition?: Readonly<Record<string, unknown>>) => Promise<OrganisedPoll>
  /** What the api has asked PostgreSQL since the last call of this, without what it asks when it starts: secrets and partitions. */
  readonly apiQueries: () => Promise<number>
  /** Throws unless exactly so many votes of this poll are in the ledger, its tally and the cache before the time is up. */
  readonly provesVotes: (poll: OrganisedPoll, votes: number, withinMs?: number) => Promise<void>
  readonly stop: () => Promise<void>
}

const log = createLog({ name: 'bench', level: 'error' })
const roles = ['admin', 'worker', 'api'] as const

export async function startInstallation(plan: InstallationPlan): Promise<Installation> {
  const { underTest, profile = 'redis', partitions = 1, countsApiQueries = false } = plan
  const folder = await mkdtemp(join(tmpdir(), 'tallycast-bench-'))
  const undo: (() => Promise<unknown>)[] = [async () => rm(folder, { recursive: true, force: true })]
  const stop = async (): Promise<void> => {
    for (const step of undo.splice(0).toReversed()) await step()
  }
  try {
    const settings: Record<string, string> = countsApiQueries ? { shared_preload_libraries: 'pg_stat_statements' } : {}
    const postgres = await startEmbeddedPostgres({ dataDir: folder, log, isRestarted: false, settings })
    undo.push(postgres.stop)
    const redis =
      profile === 'redis' ? await provideRedisServer({ dir: join(folder, 'redis'), log, isRestarted: false }) : null
    if (redis !== null) undo.push(redis.stop)
    const { databaseUrl } = postgres
    await migrate(databaseUrl, { log })
    const database = new pg.Pool({ connectionString: databaseUrl, max: 4 })
    undo.push(async () => database.end())

    const [apiPort = 0, grpcPort = 0, ...opsPorts] = await findFreePorts(2 + roles.length)
    const adminToken = randomBytes(24).toString('base64url')
    const env = {
      DATABASE_URL: databaseUrl,
      ...(redis !== null && { REDIS_URL: redis.redisUrl }),
      HOST: '127.0.0.1',
      PORT: String(apiPort),
      GRPC_PORT: String(grpcPort),
      ADMIN_GRPC_URL: `127.0.0.1:${grpcPort}`,
      ADMIN_TOKEN: adminToken,
      VOTE_PARTITIONS: String(partitions),
      ...raisedLimits,
      ...plan.env,
    }
    const processes = new Map<Role, ServerProcess>()
    const opsPortOf = (role: Role): number => opsPorts[roles.indexOf(role)] ?? 0
    const becomeReady = async (role: Role, server: ServerProcess): Promise<void> => {
      await becomesReady(server, opsPortOf(role))
      if (role === underTest) moveToCore(server.pid(), productCore)
    }
    for (const role of roles) {
      const server = startServerProcess({
        name: role,
        program: role,
        env: {
          ...env,
          ...(role === 'api' && countsApiQueries && { DATABASE_URL: await createReader(database, databaseUrl) }),
          OPS_PORT: String(opsPortOf(role)),
        },
      })
      undo.push(server.stop)
      processes.set(role, server)
      await becomeReady(role, server)
    }
    if (countsApiQueries) await proveCounting(database)
    // All are there by now.
    const roleOf = (role: Role): ServerProcess => processes.get(role)!
    const apiUrl = `http://127.0.0.1:${apiPort}`
    return {
      apiUrl,
      apiPort,
      adminToken,
      redisUrl: redis?.redisUrl ?? null,
      database,
      secrets: await createSecretStore(database).read(),
      role: roleOf,
      async rest(role) {
        roleOf(role).signal('SIGTERM')
        await roleOf(role).ended()
      },
      async restart(role) {
        roleOf(role).start()
        await becomeReady(role, roleOf(role))
      },
      pids: () => ({
        ...Object.fromEntries(
          roles.filter((role) => roleOf(role).isRunning()).map((role) => [role, roleOf(role).pid()]),
        ),
        postgres: postgres.pid(),
        ...(redis !== null && { redis: redis.pid() }),
      }),
      createPoll: async (definition) => organisePoll(apiUrl, definition),
      apiQueries: async () => countReads(database),
      provesVotes: async (poll, votes, withinMs = 120_000) => proveVotes(database, apiUrl, poll, votes, withinMs),
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

const reader = 'bench_reader'

/** The address of the database for a role that may read, and of which every query is counted. */
async function createReader(database: pg.Pool, databaseUrl: string): Promise<string> {
  const url = new URL(databaseUrl)
  url.username = reader
  url.password = randomBytes(12).toString('hex')
  await database.query('create extension if not exists pg_stat_statements')
  await database.query(`create role ${reader} login password '${url.password}'`)
  await database.query(`grant pg_read_all_data to ${reader}`)
  return url.href
}

/** An api that starts has asked for the secrets. */
async function proveCounting(database: pg.Pool): Promise<void> {
  const { rowCount } = await database.query(
    `select from pg_stat_statements where userid = '${reader}'::regrole and query like '%from secret%'`,
  )
  if (rowCount === 0) throw new Error('the queries of the api are not counted')
}

async function countReads(database: pg.Pool): Promise<number> {
  const { rows } = await database.query<{ calls: number }>(
    `select coalesce(sum(calls), 0)::integer as calls from pg_stat_statements
     where userid = '${reader}'::regrole and query !~ 'from secret|max\\(partitions\\)'`,
  )
  await database.query('select pg_stat_statements_reset()')
  return rows[0]?.calls ?? 0
}

async function proveVotes(
  database: pg.Pool,
  apiUrl: string,
  poll: OrganisedPoll,
  votes: number,
  withinMs: number,
): Promise<void> {
  const recorded = async (): Promise<number> => {
    const { rows } = await database.query<{ total: number }>(
      'select coalesce(sum(total_votes), 0)::integer as total from tally where poll_id = $1',
      [poll.id],
    )
    return rows[0]?.total ?? 0
  }
  await waitUntil(async () => (await recorded()) >= votes, { withinMs, what: `${votes} votes are recorded` })
  const { rows } = await database.query<{ rows: number }>(
    'select count(*)::integer as rows from vote where poll_id = $1',
    [poll.id],
  )
  const inLedger = rows[0]?.rows
  if (inLedger !== votes || (await recorded()) !== votes) {
    throw new Error(`${votes} votes were accepted, ${inLedger} are in the ledger, ${await recorded()} in the tally`)
  }
  await waitUntil(async () => (await poll.see(apiUrl)).total_votes === votes, { what: 'everybody is shown all votes' })
}
