import type { Pool } from 'pg'
import { createApiKeys } from '../adapters/postgres/api-keys.ts'
import { createAuditLog } from '../adapters/postgres/audit-log.ts'
import { createCodeRegister } from '../adapters/postgres/code-register.ts'
import { createDoorRestoration as createPostgresDoorRestoration } from '../adapters/postgres/door-restoration.ts'
import { createListener } from '../adapters/postgres/listen.ts'
import { createPartitionLease } from '../adapters/postgres/partition-lease.ts'
import { createPollSnapshots } from '../adapters/postgres/poll-snapshots.ts'
import { createPollStore } from '../adapters/postgres/poll-store.ts'
import { createReplicaLag } from '../adapters/postgres/replica-lag.ts'
import { createReplicaSnapshots } from '../adapters/postgres/poll-snapshots-of-replica.ts'
import { createSecretStore } from '../adapters/postgres/secrets.ts'
import { createSetAsideVotes } from '../adapters/postgres/set-aside.ts'
import { createTallies } from '../adapters/postgres/tallies.ts'
import { createTallyCache as createPostgresTallyCache } from '../adapters/postgres/tally-cache.ts'
import { createTallyFeed as createPostgresTallyFeed } from '../adapters/postgres/tally-feed.ts'
import { createViewerCounts as createPostgresViewerCounts } from '../adapters/postgres/viewer-counts.ts'
import { createVoteDoor as createPostgresVoteDoor } from '../adapters/postgres/vote-door.ts'
import { createVoteLedger } from '../adapters/postgres/vote-ledger.ts'
import { createVoteStream as createPostgresVoteStream } from '../adapters/postgres/vote-stream.ts'
import { connectCluster } from '../adapters/redis/cluster/connect.ts'
import { connectRedis } from '../adapters/redis/connect.ts'
import { createDoorRestoration as createRedisDoorRestoration } from '../adapters/redis/door-restoration.ts'
import { type DurabilityLook, type FoundServers, lookAtDurability } from '../adapters/redis/durability.ts'
import { createKeys } from '../adapters/redis/keys.ts'
import { spreadTag } from '../adapters/redis/cluster/partition-tags.ts'
import { createSharedRates } from '../adapters/redis/shared-rates.ts'
import { createTallyCache as createRedisTallyCache } from '../adapters/redis/tally-cache.ts'
import { createTallyFeed as createRedisTallyFeed } from '../adapters/redis/tally-feed.ts'
import { createViewerCounts as createRedisViewerCounts } from '../adapters/redis/viewer-counts.ts'
import { createVoteDoor as createRedisVoteDoor } from '../adapters/redis/vote-door.ts'
import { createVoteStream as createRedisVoteStream } from '../adapters/redis/vote-stream.ts'
import { signingsMax } from '../application/sign-result.ts'
import type { ApiKeys } from '../ports/api-keys.ts'
import type { AuditLog } from '../ports/audit-log.ts'
import type { CodeRegister } from '../ports/code-register.ts'
import type { DoorRestoration } from '../ports/door-restoration.ts'
import type { PartitionLease } from '../ports/partition-lease.ts'
import type { PollSnapshots } from '../ports/poll-snapshots.ts'
import type { PollStore } from '../ports/poll-store.ts'
import type { SecretStore } from '../ports/secrets.ts'
import type { SetAsideVotes } from '../ports/set-aside.ts'
import type { SharedRates } from '../ports/shared-rates.ts'
import type { Tallies } from '../ports/tallies.ts'
import type { TallyCache } from '../ports/tally-cache.ts'
import type { TallyFeed } from '../ports/tally-feed.ts'
import type { ViewerCounts } from '../ports/viewer-counts.ts'
import type { VoteDoor } from '../ports/vote-door.ts'
import type { VoteLedger } from '../ports/vote-ledger.ts'
import type { VoteStream } from '../ports/vote-stream.ts'
import type { Config } from '../runtime/config.ts'
import { createFaultLog } from '../runtime/fault-log.ts'
import type { Log } from '../runtime/log.ts'
import { connectPostgres } from '../runtime/postgres-pool.ts'
import { listSeeds } from '../runtime/redis-url.ts'
import { sleep } from '../runtime/stop-signal.ts'

/** What keeps the truth: always PostgreSQL. */
type LedgerSide = {
  readonly polls: PollStore
  readonly snapshots: PollSnapshots
  readonly tallies: Tallies
  /** The same for counting anew: of the replica where there is one. */
  readonly recounts: Pick<Tallies, 'changedLately' | 'recount'>
  /** For how long the replica has lacked something, in milliseconds; null where there is none. */
  readonly replicaLag: (() => Promise<number>) | null
  readonly ledger: VoteLedger
  readonly setAside: SetAsideVotes
  readonly lease: PartitionLease
  readonly secrets: SecretStore
  readonly keys: ApiKeys
  readonly audit: AuditLog
  readonly register: CodeRegister
}

/** What carries votes and news: Redis where there is one, else PostgreSQL too. */
type StreamSide = {
  readonly door: VoteDoor
  readonly restoration: DoorRestoration
  readonly stream: VoteStream
  readonly cache: TallyCache
  readonly feed: TallyFeed
  readonly viewerCounts: ViewerCounts
  /** Null where every process limits for itself. */
  readonly sharedRates: SharedRates | null
  /** What keeps the stream from being as durable as VOTE_DURABILITY says. */
  readonly lookAtDurability: () => Promise<DurabilityLook>
}

/** Every port, each with the adapter that the environment asks for. Disposing closes all connections. */
export type Adapters = LedgerSide & StreamSide & { readonly [Symbol.asyncDispose]: () => Promise<void> }

/** One recount at a time, and the look how far the replica is. */
const replicaConnectionsMax = 2
const listenConnections = 1
/** As PostgreSQL has it where nobody says otherwise: enough for one process of each role. */
const serverConnections = 100
const asDeclared: DurabilityLook = { problems: [], warnings: [], unseen: [] }
/** VOTE_DURABILITY=replicated: a vote is accepted when this many replicas have it, within this time. */
const replication = { replicasMin: 1, waitMs: 1000 }

/** What a PostgreSQL of ours is told, so that it has room for all processes of this machine. */
export function embeddedSettings({
  apiProcesses,
  databaseConnectionsMax,
  exportsMax,
}: Config): Readonly<Record<string, string>> {
  if (apiProcesses === 1) return {}
  const each = databaseConnectionsMax + exportsMax + signingsMax + listenConnections
  return { max_connections: String(serverConnections + apiProcesses * each) }
}

/** The one place where a technology is chosen. */
export async function connectAdapters(config: Config, log: Log): Promise<Adapters> {
  const { databaseUrl, databaseConnectionsMax, statementTimeoutMs, lockTimeoutMs } = config
  if (databaseUrl === null) throw new Error('nobody has started a PostgreSQL for this process')
  const limits = { statementTimeoutMs, lockTimeoutMs, log }
  const pool = connectPostgres(databaseUrl, { ...limits, max: databaseConnectionsMax, applicationName: 'tallycast' })
  const reading = connectReading({ ...config, databaseUrl }, pool, limits)
  const streamSide =
    config.redisUrl === null
      ? connectToPostgresAlone({ ...config, databaseUrl }, pool)
      : await connectToRedis({ ...config, redisUrl: config.redisUrl }, log)
  return {
    ...createLedgerSide(pool, log),
    ...reading,
    ...streamSide,
    [Symbol.asyncDispose]: async () => {
      await streamSide.stop()
      await Promise.all([pool.end(), reading.stop()])
    },
  }
}

type Reading = Pick<LedgerSide, 'snapshots' | 'recounts' | 'replicaLag'>
type PoolLimits = Pick<Parameters<typeof connectPostgres>[1], 'statementTimeoutMs' | 'lockTimeoutMs'> & {
  readonly log: Log
}

/** What is read for long. Snapshots are apart from all else, which nobody who reads a long export slowly shall keep waiting. */
function connectReading(
  { databaseUrl, databaseReplicaUrl, exportsMax }: Config & { readonly databaseUrl: string },
  pool: Pool,
  limits: PoolLimits,
): Reading & Stoppable {
  const max = exportsMax + signingsMax
  const connectSnapshots = (url: string): Pool =>
    connectPostgres(url, { ...limits, max, applicationName: 'tallycast snapshots' })
  const primary = connectSnapshots(databaseUrl)
  const snapshots = createPollSnapshots(primary)
  if (databaseReplicaUrl === null) {
    return { snapshots, recounts: createTallies(pool), replicaLag: null, stop: async () => primary.end() }
  }
  const report = createFaultLog(limits.log)
  const replica = connectSnapshots(databaseReplicaUrl)
  const replicaPool = connectPostgres(databaseReplicaUrl, {
    ...limits,
    max: replicaConnectionsMax,
    applicationName: 'tallycast replica',
  })
  const onPassedOver = (err: unknown): void =>
    report({ err }, 'the replica is behind or away: reading from the primary')
  return {
    snapshots: createReplicaSnapshots(createPollSnapshots(replica), snapshots, { sleep, onPassedOver }),
    recounts: createTallies(replicaPool),
    replicaLag: createReplicaLag(pool, replicaPool),
    stop: async () => void (await Promise.all([primary.end(), replica.end(), replicaPool.end()])),
  }
}

function createLedgerSide(pool: Pool, log: Log): Omit<LedgerSide, keyof Reading> {
  return {
    polls: createPollStore(pool),
    tallies: createTallies(pool),
    ledger: createVoteLedger(pool, () =>
      log.warn('a pooler in front of PostgreSQL forgets prepared statements: each commit is planned anew'),
    ),
    setAside: createSetAsideVotes(pool),
    lease: createPartitionLease(pool),
    secrets: createSecretStore(pool),
    keys: createApiKeys(pool),
    audit: createAuditLog(pool),
    register: createCodeRegister(pool),
  }
}

type Stoppable = { readonly stop: () => Promise<void> }

function connectToPostgresAlone(
  { databaseUrl, unrecordedVotesMax }: Pick<Config, 'unrecordedVotesMax'> & { readonly databaseUrl: string },
  pool: Pool,
): StreamSide & Stoppable {
  const listener = createListener({ connectionString: databaseUrl, application_name: 'tallycast news' })
  return {
    door: createPostgresVoteDoor(pool, { unrecordedVotesMax }),
    restoration: createPostgresDoorRestoration(pool),
    stream: createPostgresVoteStream(pool, listener),
    cache: createPostgresTallyCache(pool),
    feed: createPostgresTallyFeed(pool, listener),
    viewerCounts: createPostgresViewerCounts(pool),
    sharedRates: null,
    // Votes are in the same log as the ledger.
    lookAtDurability: async () => asDeclared,
    stop: listener.stop,
  }
}

type RedisConfig = Pick<Config, 'redisPrefix' | 'voteDurability' | 'isVoteDurabilityChecked' | 'unrecordedVotesMax'> & {
  readonly redisUrl: string
}

async function connectToRedis(config: RedisConfig, log: Log): Promise<StreamSide & Stoppable> {
  const report = createFaultLog(log)
  const onError = (duty: string, err: Error): void =>
    report({ duty, err }, 'a connection to Redis failed; trying again')
  const seeds = listSeeds(config.redisUrl)
  const keys = createKeys(config.redisPrefix, seeds === null ? String : spreadTag)
  const connections =
    seeds === null ? connectRedis({ url: config.redisUrl, onError }) : connectCluster({ seeds, onError })
  try {
    await connections.ready()
  } catch (error) {
    connections.stop()
    throw error
  }
  const stream = createRedisVoteStream(connections, keys)
  const feed = createRedisTallyFeed(connections, keys, (err) => report({ err }, 'news could not be read'))
  const found: FoundServers = new Map()
  const { unrecordedVotesMax, voteDurability } = config
  const doorOptions = { unrecordedVotesMax, replication: voteDurability === 'replicated' ? replication : null }
  return {
    door: createRedisVoteDoor(connections.commands, keys, doorOptions),
    restoration: createRedisDoorRestoration(connections.commands, keys),
    stream,
    cache: createRedisTallyCache(connections.cache, keys),
    feed,
    viewerCounts: createRedisViewerCounts(connections.cache, keys),
    sharedRates: createSharedRates(connections.cache, keys),
    lookAtDurability: async () =>
      config.isVoteDurabilityChecked ? lookAtDurability(connections.commands, voteDurability, found) : asDeclared,
    stop: async () => {
      stream.stop()
      feed.stop()
      connections.stop()
    },
  }
}
