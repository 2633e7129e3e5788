// What a primary of a Redis Cluster had taken at its end is gone with it.
import { expect } from 'vitest'
import { slotOf } from '../../../src/adapters/redis/cluster/key-slot.ts'
import { compareEntryIds, type EntryId, STREAM_START } from '../../../src/domain/position.ts'
import type { Fault, FaultScene, Happened } from '../fault-case.ts'
import type { Attempt } from '../ledger-check.ts'
import type { TestCluster } from '../redis-cluster.ts'
import type { TestRedis } from '../redis.ts'
import type { System } from '../system.ts'
import { waitUntil } from '../wait-until.ts'
import { isolate, killBeforeDisk, killBeforeReplica, type Pair, type PrimaryEnd, type ReadLog } from './cluster-ends.ts'
import { clusterOf, goesOn, keysOf, ownerAsSaidBy, primaryOf, settles, withServer } from './cluster-faults.ts'
import { missingOf, partitionsOf, readLogged, sumVotes, unrecordedOf } from './logged-votes.ts'
import { readCheckpoints } from './redis-scene.ts'
import { countReported } from './redis-shorter-log.ts'

const unrecordedMin = 100
const waitsWithinMs = 10_000
const reportedWithinMs = 15_000
const noticedWithinMs = 15_000
const returning = 50

/** The partitions that this server has, as it says itself. */
export const partitionsAt = async (system: System, primary: TestRedis): Promise<readonly number[]> => {
  const partitions = await partitionsOf(system)
  const owners = await Promise.all(
    partitions.map(async (partition) => ownerAsSaidBy(primary, slotOf(keysOf(system).stream(partition)))),
  )
  return partitions.filter((_, at) => owners[at] === primary.port)
}

export const replicaOf = async ({ servers }: TestCluster, primary: TestRedis): Promise<TestRedis> => {
  for (const server of servers) {
    const replication = await withServer(server, async (redis) => redis.info('replication'))
    if (replication.includes(`master_port:${primary.port}\r\n`)) return server
  }
  throw new Error('the primary has no replica')
}

/** Waits until of each partition with votes in this log the ledger has some that came since. */
const recordMore = async (system: System, readLog: ReadLog): Promise<void> => {
  const ends = new Map<number, EntryId>()
  for (const { partition, id } of await readLog()) {
    if (compareEntryIds(id, ends.get(partition) ?? STREAM_START) > 0) ends.set(partition, id)
  }
  const isPast = async (): Promise<boolean> =>
    (await readCheckpoints(system)).every(({ partition, recorded }) => {
      const end = ends.get(partition)
      return end === undefined || compareEntryIds(recorded, end) > 0
    })
  await waitUntil(isPast, { withinMs: waitsWithinMs, what: 'votes of every partition are recorded' })
}

/** Waits until votes are there that nobody records. */
const gather = async (system: System, readLog: ReadLog): Promise<void> => {
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

type Gone = {
  /** The latest whose votes had been accepted by then. */
  readonly latest: readonly Attempt[]
  readonly gone: Happened & { readonly [lostVotes]: number }
  readonly meanwhile: Happened | undefined
}

type Loss = {
  readonly fact: string
  readonly endOf: (pair: Pair) => PrimaryEnd
  /** Whether what only the primary has is called accepted. */
  readonly isAccepted: boolean
}

/** What a primary has taken at its end is gone, some of it recorded and some not. */
const lose = ({ fact, endOf, isAccepted }: Loss): Fault => ({
  fact,
  ...(isAccepted && { mayLose: (happened) => Math.min(happened[reportedVotes] ?? 0, happened[lostVotes] ?? 0) }),
  async inject(scene) {
    const { system } = scene
    const cluster = clusterOf(system)
    const primary = await primaryOf(cluster, slotOf(keysOf(system).stream(0)))
    const replica = await replicaOf(cluster, primary)
    const partitions = await partitionsAt(system, primary)
    const reportedBefore = await countReported(system)
    const reported = async (): Promise<number> => (await countReported(system)) - reportedBefore
    const epochs = new Map((await readCheckpoints(system)).map(({ partition, epoch }) => [partition, epoch]))
    const ending = endOf({ cluster, primary, replica, streams: partitions.map(keysOf(system).stream) })
    const readLog: ReadLog = async () =>
      withServer(primary, async (redis) => readLogged(redis, keysOf(system), partitions))
    const isTold = async (lost: number): Promise<boolean> => !isAccepted || (await reported()) >= lost
    const { latest, gone, meanwhile } = await endUnderVotes(scene, ending, readLog, isTold)
    const since = performance.now()
    const happened = {
      ...gone,
      'epochs begun': await beginAnew(system, partitions, epochs),
      'voters who came back': await voteAgain(scene, latest),
    }
    await goesOn(scene, since)
    await settles(cluster)
    if (isAccepted) return { ...happened, ...meanwhile, [reportedVotes]: await reported() }
    expect(await reported()).toBe(0)
    return happened
  },
})

/** Ends the primary while votes come that nobody records, until those are told that are lost by that; the others are recorded then. */
const endUnderVotes = async (
  { system, load }: FaultScene,
  ending: PrimaryEnd,
  readLog: ReadLog,
  isTold: (lost: number) => Promise<boolean>,
): Promise<Gone> => {
  try {
    await ending.begin()
    await recordMore(system, readLog)
    for (const worker of system.workers) worker.signal('SIGSTOP')
    await gather(system, readLog)
    const latest = load.settled.slice(-returning)
    const { successor, entries, meanwhile } = await ending.end(readLog)
    const missing = await withServer(successor, async (redis) => missingOf(redis, keysOf(system), entries))
    const lost = sumVotes(await unrecordedOf(system, missing))
    const recorded = sumVotes(missing) - lost
    await waitUntil(async () => isTold(lost), {
      withinMs: reportedWithinMs,
      what: `the loss of ${lost} votes is reported`,
    })
    return { latest, gone: { [lostVotes]: lost, 'recorded votes that are gone from the log': recorded }, meanwhile }
  } finally {
    for (const worker of system.workers) worker.signal('SIGCONT')
    await ending.mend()
  }
}

const whatIsLost = 'only those are lost that were not recorded, each is reported, voters may vote again'

export const promoteLagging: Fault = lose({
  fact: `a replica that takes over without the latest votes: ${whatIsLost}`,
  endOf: killBeforeReplica,
  isAccepted: true,
})

export const restartWithoutTail: Fault = lose({
  fact: `a primary that dies with its replica and comes back without the latest votes, as after a loss of power: ${whatIsLost}`,
  endOf: killBeforeDisk,
  isAccepted: true,
})

export const isolateTrusted: Fault = lose({
  fact: `a primary that is cut off from its peers and answers on until it notices: ${whatIsLost}`,
  endOf: isolate,
  isAccepted: true,
})

/** Needs replicas that are asked for. */
export const isolateConfirmed: Fault = lose({
  fact: 'a primary that is cut off from its peers and answers on until it notices: what it takes meanwhile is not called accepted',
  endOf: isolate,
  isAccepted: false,
})
