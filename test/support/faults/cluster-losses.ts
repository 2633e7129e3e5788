// A replica of a Redis Cluster takes over that has not heard of all that its primary had accepted.
import { slotOf } from '../../../src/adapters/redis/cluster/key-slot.ts'
import type { Keys } from '../../../src/adapters/redis/keys.ts'
import { type Fault, type FaultScene, moreAccepted } from '../fault-case.ts'
import type { Attempt } from '../ledger-check.ts'
import type { TestCluster } from '../redis-cluster.ts'
import type { TestRedis } from '../redis.ts'
import type { System } from '../system.ts'
import { waitUntil } from '../wait-until.ts'
import { clusterOf, goesOn, keysOf, primaryOf, settles, withServer } from './cluster-faults.ts'
import { type LoggedVotes, missingOf, partitionsOf, readLogged, sumVotes, unrecordedOf } from './logged-votes.ts'
import { readCheckpoints } from './redis-scene.ts'
import { countReported } from './redis-shorter-log.ts'

const unrecordedMin = 200
const waitsWithinMs = 10_000
const reportedWithinMs = 10_000
const noticedWithinMs = 15_000
const takesOverWithinMs = 10_000
/** How far the clock of the primary is ahead of that of its replica. */
const clockAheadMs = 60_000
const writesHeldMs = 5_000
const returning = 50

/** The partitions that this server has, as it says itself. */
const partitionsAt = async (system: System, primary: TestRedis): Promise<readonly number[]> => {
  const partitions = await partitionsOf(system)
  const owners = await Promise.all(
    partitions.map(async (partition) => primaryOf(clusterOf(system), slotOf(keysOf(system).stream(partition)))),
  )
  return partitions.filter((_, at) => owners[at] === primary)
}

const replicaOf = async ({ servers }: TestCluster, primary: TestRedis): Promise<TestRedis> => {
  for (const server of servers) {
    const replication = await withServer(server, async (redis) => redis.info('replication'))
    if (replication.includes(`master_port:${primary.port}\r\n`)) return server
  }
  throw new Error('the primary has no replica')
}

/** From here on the replica hears nothing, and what its primary accepts has higher ids than the replica's clock will give. */
const cutOff = async (
  primary: TestRedis,
  replica: TestRedis,
  keys: Keys,
  partitions: readonly number[],
): Promise<void> => {
  process.kill(replica.pid(), 'SIGSTOP')
  await withServer(primary, async (redis) => {
    await redis.call('CLIENT', 'KILL', 'TYPE', 'replica')
    for (const partition of partitions) {
      await redis.call('XSETID', keys.stream(partition), `${Date.now() + clockAheadMs}-0`)
    }
  })
}

/** Lets votes wait that nobody records, and kills the primary. Returns what it had at its end. */
const killUnderVotes = async (
  { system }: FaultScene,
  primary: TestRedis,
  partitions: readonly number[],
): Promise<readonly LoggedVotes[]> =>
  withServer(primary, async (redis) => {
    const read = async (): Promise<readonly LoggedVotes[]> => readLogged(redis, keysOf(system), partitions)
    const isEnough = async (): Promise<boolean> => sumVotes(await unrecordedOf(system, await read())) >= unrecordedMin
    await waitUntil(isEnough, { withinMs: waitsWithinMs, what: 'votes wait to be recorded' })
    await redis.call('CLIENT', 'PAUSE', writesHeldMs, 'WRITE')
    const entries = await read()
    await primary.kill()
    return entries
  })

/** Promotes the replica, as an operator does it who has given the primary up. Returns which of the entries it never had. */
const takeOver = async (
  { system }: FaultScene,
  replica: TestRedis,
  entries: readonly LoggedVotes[],
): Promise<readonly LoggedVotes[]> => {
  process.kill(replica.pid(), 'SIGCONT')
  return withServer(replica, async (redis) => {
    // It may have taken over by itself a moment before.
    await redis.call('CLUSTER', 'FAILOVER', 'TAKEOVER').catch(() => undefined)
    const isServing = async (): Promise<boolean> =>
      (await redis.info('replication')).includes('role:master') &&
      String(await redis.call('CLUSTER', 'INFO')).includes('cluster_state:ok')
    await waitUntil(isServing, { withinMs: takesOverWithinMs, what: 'the replica takes over' })
    return missingOf(redis, keysOf(system), entries)
  })
}

/** Waits until each of these partitions has begun a new epoch. */
const beginAnew = async (
  system: System,
  partitions: readonly number[],
  before: ReadonlyMap<number, number>,
): Promise<number> => {
  const begun = async (): Promise<number> =>
    (await readCheckpoints(system)).filter(
      ({ partition, epoch }) => partitions.includes(partition) && epoch > (before.get(partition) ?? 0),
    ).length
  await waitUntil(async () => (await begun()) === partitions.length, {
    withinMs: noticedWithinMs,
    what: 'each partition of the primary begins a new epoch',
  })
  return begun()
}

/** Lets these voters, whose votes may be gone or recorded, cast the same vote once more. */
const voteAgain = async ({ load }: FaultScene, latest: readonly Attempt[]): Promise<number> => {
  const again = latest.map(async (before) => (await load.askAgain(before, 'POST', before.optionIds[0] ?? 0)).outcome)
  const refused = (await Promise.all(again)).filter(({ result }) => result !== 'accepted')
  if (refused.length > 0) throw new Error(`of those who came back ${refused.length} could not vote`)
  return again.length
}

const lostVotes = 'unrecorded votes that the replica never had'
const reportedVotes = 'votes reported as lost'

export const promoteLagging: Fault = {
  fact: 'a replica that takes over without the latest votes: only those are lost that were not recorded, each is reported, voters may vote again',
  mayLose: (happened) => Math.min(happened[reportedVotes] ?? 0, happened[lostVotes] ?? 0),
  async inject(scene) {
    const { system, load } = scene
    const cluster = clusterOf(system)
    const primary = await primaryOf(cluster, slotOf(keysOf(system).stream(0)))
    const replica = await replicaOf(cluster, primary)
    const partitions = await partitionsAt(system, primary)
    const reportedBefore = await countReported(system)
    const epochs = new Map((await readCheckpoints(system)).map(({ partition, epoch }) => [partition, epoch]))
    try {
      await cutOff(primary, replica, keysOf(system), partitions)
      await moreAccepted(load, 400)
      for (const worker of system.workers) worker.signal('SIGSTOP')
      const entries = await killUnderVotes(scene, primary, partitions)
      const latest = load.settled.slice(-returning)
      const unrecorded = new Set(await unrecordedOf(system, entries))
      const missing = await takeOver(scene, replica, entries)
      const lost = sumVotes(missing.filter((entry) => unrecorded.has(entry)))
      const reported = async (): Promise<number> => (await countReported(system)) - reportedBefore
      await waitUntil(async () => (await reported()) >= lost, {
        withinMs: reportedWithinMs,
        what: () => `the loss of ${lost} votes is reported`,
      })
      for (const worker of system.workers) worker.signal('SIGCONT')
      const since = performance.now()
      const happened = {
        [lostVotes]: lost,
        [reportedVotes]: await reported(),
        'recorded votes that the replica never had': sumVotes(missing.filter((entry) => !unrecorded.has(entry))),
        'epochs begun': await beginAnew(system, partitions, epochs),
        'voters who came back': await voteAgain(scene, latest),
      }
      await goesOn(scene, since)
      return happened
    } finally {
      for (const worker of system.workers) worker.signal('SIGCONT')
      process.kill(replica.pid(), 'SIGCONT')
      await primary.restart()
      await settles(cluster)
    }
  },
}
