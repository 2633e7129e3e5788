// Ways in which a primary of a Redis Cluster comes to an end of which its successor has not heard all.
import { stat, truncate } from 'node:fs/promises'
import { slotOf } from '../../../src/adapters/redis/cluster/key-slot.ts'
import { processIdentity } from '../../../src/runtime/process-identity.ts'
import type { Happened } from '../fault-case.ts'
import type { TestCluster } from '../redis-cluster.ts'
import type { TestRedis } from '../redis.ts'
import { waitUntil } from '../wait-until.ts'
import { appendOnlyFile } from './append-only-file.ts'
import { type ClusterBus, layBus } from './cluster-bus.ts'
import { failsOver, withServer } from './cluster-faults.ts'
import { type LoggedVotes, sumVotes } from './logged-votes.ts'

export type Pair = {
  readonly cluster: TestCluster
  readonly primary: TestRedis
  readonly replica: TestRedis
  /** The streams of the partitions that the primary has. */
  readonly streams: readonly string[]
}

/** What the primary has in its log. */
export type ReadLog = () => Promise<readonly LoggedVotes[]>

export type PrimaryEnd = {
  /** What the primary accepts from here on is gone with it. */
  readonly begin: () => Promise<void>
  /** Ends its time. Says who serves in its place, and what it had at last. */
  readonly end: (readLog: ReadLog) => Promise<Succession>
  /** Leaves both running and hearing each other, however far the rest has come. */
  readonly mend: () => Promise<void>
}

type Succession = {
  readonly successor: TestRedis
  readonly entries: readonly LoggedVotes[]
  /** What happened in between, where votes do not wait for replicas. */
  readonly meanwhile?: Happened
}

/** How far the clock of the primary is ahead of that of its replica. */
const clockAheadMs = 60_000
const writesHeldMs = 5_000
const servesWithinMs = 10_000

/** The replica hears nothing any more, and what the primary accepts has higher ids than the replica's clock will give. */
export const killBeforeReplica = ({ primary, replica, streams }: Pair): PrimaryEnd => ({
  async begin() {
    process.kill(replica.pid(), 'SIGSTOP')
    await withServer(primary, async (redis) => {
      await redis.call('CLIENT', 'KILL', 'TYPE', 'replica')
      for (const stream of streams) await redis.call('XSETID', stream, `${Date.now() + clockAheadMs}-0`)
    })
  },
  async end(readLog) {
    const entries = await killWith(primary, readLog)
    process.kill(replica.pid(), 'SIGCONT')
    // As an operator does it who has given the primary up; it may have taken over by itself a moment before.
    await withServer(replica, async (redis) => redis.call('CLUSTER', 'FAILOVER', 'TAKEOVER').catch(() => undefined))
    await serves(replica)
    return { successor: replica, entries }
  },
  mend: async () => bringBack([primary, replica]),
})

/** Primary and replica die together, and of the primary's log is there what the disk had at the beginning. */
export const killBeforeDisk = ({ primary, replica }: Pair): PrimaryEnd => {
  let size = 0
  return {
    async begin() {
      size = (await stat(await appendOnlyFile(primary))).size
    },
    async end(readLog) {
      const entries = await killWith(primary, readLog)
      await replica.kill()
      await truncate(await appendOnlyFile(primary), size)
      await bringBack([primary, replica])
      await serves(primary)
      return { successor: primary, entries }
    },
    mend: async () => bringBack([primary, replica]),
  }
}

/**
 * The primary loses its replica, and then all its peers: these let the replica take over, while it goes on answering everybody else until it
 * has noticed.
 */
export const isolate = ({ cluster, primary, replica, streams: [stream = ''] }: Pair): PrimaryEnd => {
  let bus: ClusterBus | null = null
  const setPrimary = async (...commands: readonly (readonly [name: string, ...words: readonly string[]])[]) =>
    withServer(primary, async (redis) => {
      for (const [name, ...words] of commands) await redis.call(name, ...words)
    })
  return {
    async begin() {
      bus = await layBus(cluster)
      await setPrimary(['ACL', 'SETUSER', 'default', '-psync', '-sync'], ['CLIENT', 'KILL', 'TYPE', 'replica'])
    },
    async end(readLog) {
      const before = sumVotes(await readLog())
      await bus?.isolate(primary)
      await failsOver(cluster, primary, slotOf(stream))
      // By now it refuses to read as well.
      await setPrimary(['CONFIG', 'SET', 'cluster-allow-reads-when-down', 'yes'])
      const entries = await readLog()
      return { successor: replica, entries, meanwhile: { 'votes that it took cut off': sumVotes(entries) - before } }
    },
    async mend() {
      await setPrimary(
        ['ACL', 'SETUSER', 'default', '+psync', '+sync'],
        ['CONFIG', 'SET', 'cluster-allow-reads-when-down', 'no'],
      )
      await bus?.stop()
    },
  }
}

/** Kills it while nothing comes to its log. Returns what it had. */
const killWith = async (primary: TestRedis, readLog: ReadLog): Promise<readonly LoggedVotes[]> => {
  await withServer(primary, async (redis) => redis.call('CLIENT', 'PAUSE', writesHeldMs, 'WRITE'))
  const entries = await readLog()
  await primary.kill()
  return entries
}

const serves = async (server: TestRedis): Promise<void> =>
  withServer(server, async (redis) => {
    const isServing = async (): Promise<boolean> =>
      (await redis.info('replication')).includes('role:master') &&
      String(await redis.call('CLUSTER', 'INFO')).includes('cluster_state:ok')
    await waitUntil(isServing, { withinMs: servesWithinMs, what: 'a primary serves again' })
  })

const bringBack = async (servers: readonly TestRedis[]): Promise<void> => {
  for (const server of servers) {
    if (processIdentity(server.pid()) === null) await server.restart()
    else process.kill(server.pid(), 'SIGCONT')
  }
}
