// What a primary of a Redis Cluster had accepted at its end is gone with it.
import { slotOf } from '../../../src/adapters/redis/cluster/key-slot.ts'
import { type Fault, type FaultScene, moreAccepted } from '../fault-case.ts'
import type { Attempt } from '../ledger-check.ts'
import type { TestCluster } from '../redis-cluster.ts'
import type { TestRedis } from '../redis.ts'
import type { System } from '../system.ts'
import { waitUntil } from '../wait-until.ts'
import { killBeforeDisk, killBeforeReplica, type Pair, type PrimaryEnd } from './cluster-ends.ts'
import { clusterOf, goesOn, keysOf, primaryOf, settles, withServer } from './cluster-faults.ts'
import { type LoggedVotes, missingOf, partitionsOf, readLogged, sumVotes, unrecordedOf } from './logged-votes.ts'
import { readCheckpoints } from './redis-scene.ts'
import { countReported } from './redis-shorter-log.ts'

const unrecordedMin = 200
const waitsWithinMs = 10_000
const reportedWithinMs = 15_000
const noticedWithinMs = 15_000
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

/** Waits until votes are there that nobody records. */
const gather = async (system: System, readLog: () => Promise<readonly LoggedVotes[]>): Promise<void> => {
  const isEnough = async (): Promise<boolean> => sumVotes(await unrecordedOf(system, await readLog())) >= unrecordedMin
  await waitUntil(isEnough, { withinMs: waitsWithinMs, what: 'votes wait to be recorded' })
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

const lostVotes = 'unrecorded votes that are gone'
const reportedVotes = 'votes reported as lost'

/** What a primary has accepted at its end is gone, some of it recorded and some not. */
const lose = (fact: string, endOf: (pair: Pair) => PrimaryEnd): Fault => ({
  fact,
  mayLose: (happened) => Math.min(happened[reportedVotes] ?? 0, happened[lostVotes] ?? 0),
  async inject(scene) {
    const { system, load } = scene
    const cluster = clusterOf(system)
    const keys = keysOf(system)
    const primary = await primaryOf(cluster, slotOf(keys.stream(0)))
    const replica = await replicaOf(cluster, primary)
    const partitions = await partitionsAt(system, primary)
    const reportedBefore = await countReported(system)
    const epochs = new Map((await readCheckpoints(system)).map(({ partition, epoch }) => [partition, epoch]))
    const readLog = async (): Promise<readonly LoggedVotes[]> =>
      withServer(primary, async (redis) => readLogged(redis, keys, partitions))
    const ending = endOf({ primary, replica, streams: partitions.map(keys.stream) })
    try {
      await ending.begin()
      await moreAccepted(load, 400)
      for (const worker of system.workers) worker.signal('SIGSTOP')
      await gather(system, readLog)
      const latest = load.settled.slice(-returning)
      const { successor, entries } = await ending.end(readLog)
      const missing = await withServer(successor, async (redis) => missingOf(redis, keys, entries))
      const unrecorded = new Set(await unrecordedOf(system, entries))
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
        'recorded votes that are gone from the log': sumVotes(missing.filter((entry) => !unrecorded.has(entry))),
        'epochs begun': await beginAnew(system, partitions, epochs),
        'voters who came back': await voteAgain(scene, latest),
      }
      await goesOn(scene, since)
      return happened
    } finally {
      for (const worker of system.workers) worker.signal('SIGCONT')
      await ending.mend()
      await settles(cluster)
    }
  },
})

const whatIsLost = 'only those are lost that were not recorded, each is reported, voters may vote again'

export const promoteLagging: Fault = lose(
  `a replica that takes over without the latest votes: ${whatIsLost}`,
  killBeforeReplica,
)

export const restartWithoutTail: Fault = lose(
  `a primary that dies with its replica and comes back without the latest votes, as after a loss of power: ${whatIsLost}`,
  killBeforeDisk,
)
