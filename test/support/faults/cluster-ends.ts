// Ways in which a primary of a Redis Cluster comes to an end of which its successor has not heard all.
import { stat, truncate } from 'node:fs/promises'
import { processIdentity } from '../../../src/runtime/process-identity.ts'
import type { TestRedis } from '../redis.ts'
import { waitUntil } from '../wait-until.ts'
import { appendOnlyFile } from './append-only-file.ts'
import { withServer } from './cluster-faults.ts'
import type { LoggedVotes } from './logged-votes.ts'

export type Pair = {
  readonly primary: TestRedis
  readonly replica: TestRedis
  /** The streams of the partitions that the primary has. */
  readonly streams: readonly string[]
}

export type PrimaryEnd = {
  /** What the primary accepts from here on is gone with it. */
  readonly begin: () => Promise<void>
  /** Ends its time. Says who serves in its place, and what it had at last. */
  readonly end: (readLog: () => Promise<readonly LoggedVotes[]>) => Promise<Succession>
  /** Leaves both running and hearing each other, however far the rest has come. */
  readonly mend: () => Promise<void>
}

type Succession = { readonly successor: TestRedis; readonly entries: readonly LoggedVotes[] }

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

/** Kills it while nothing comes to its log. Returns what it had. */
const killWith = async (
  primary: TestRedis,
  readLog: () => Promise<readonly LoggedVotes[]>,
): Promise<readonly LoggedVotes[]> => {
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
