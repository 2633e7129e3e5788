// A Redis Cluster loses a server, moves its slots, or is restarted server by server.
import { Redis } from 'ioredis'
import { slotOf } from '../../../src/adapters/redis/cluster/key-slot.ts'
import { createKeys, type Keys } from '../../../src/adapters/redis/keys.ts'
import { spreadTag } from '../../../src/adapters/redis/cluster/partition-tags.ts'
import { compareEntryIds } from '../../../src/domain/position.ts'
import { stopProcess } from '../../../src/runtime/process-identity.ts'
import { sleep } from '../../../src/runtime/stop-signal.ts'
import { type Fault, type FaultScene, type Happened, moreAccepted } from '../fault-case.ts'
import { organisePoll, type OrganisedPoll } from '../organiser.ts'
import { countErrors, isClusterSettled, type TestCluster } from '../redis-cluster.ts'
import type { TestRedis } from '../redis.ts'
import type { System } from '../system.ts'
import { letVote } from '../voters.ts'
import { waitUntil } from '../wait-until.ts'
import { readCheckpoints } from './redis-scene.ts'

/** How soon votes of every partition are taken and recorded again. */
const goesOnWithinMs = 15_000
const failsOverWithinMs = 10_000
const settlesWithinMs = 15_000
const diesWithinMs = 5_000
const restMs = 100

export const clusterOf = ({ cluster }: System): TestCluster => {
  if (cluster === null) throw new Error('this fault needs a Redis Cluster')
  return cluster
}

export const keysOf = ({ redisPrefix }: System): Keys => createKeys(redisPrefix, spreadTag)

export const withServer = async <Result>(
  server: TestRedis,
  work: (redis: Redis) => Promise<Result>,
): Promise<Result> => {
  const redis = new Redis(server.redisUrl, { connectTimeout: 3_000, commandTimeout: 10_000, retryStrategy: null })
  redis.on('error', () => undefined)
  try {
    return await work(redis)
  } finally {
    redis.disconnect()
  }
}

/** The primary that has the slot, as this server says; null where it says nothing. */
export const ownerAsSaidBy = async (server: TestRedis, slot: number): Promise<number | null> =>
  withServer(server, async (redis) => {
    const ranges = await redis.cluster('SLOTS')
    return ranges.find(([first, last]) => first <= slot && slot <= last)?.[2]?.[1] ?? null
  }).catch(() => null)

export const primaryOf = async ({ servers }: TestCluster, slot: number): Promise<TestRedis> => {
  const find = async (): Promise<TestRedis | undefined> => {
    const ports = await Promise.all(servers.map(async (server) => ownerAsSaidBy(server, slot)))
    return servers.find((server) => ports.includes(server.port))
  }
  // A busy server may take longer than the others wait.
  await waitUntil(async () => (await find()) !== undefined, {
    withinMs: settlesWithinMs,
    what: `somebody says who has slot ${slot}`,
  })
  const primary = await find()
  if (primary === undefined) throw new Error(`no server has slot ${slot}`)
  return primary
}

/** Waits until the others say that another server has the slot. */
export const failsOver = async ({ servers }: TestCluster, from: TestRedis, slot: number): Promise<void> => {
  const others = servers.filter((server) => server !== from)
  const isElsewhere = async (): Promise<boolean> => {
    const said = await Promise.all(others.map(async (server) => ownerAsSaidBy(server, slot)))
    return said.every((port) => port !== null && port !== from.port)
  }
  await waitUntil(isElsewhere, { withinMs: failsOverWithinMs, what: 'a replica takes over' })
}

/** Waits until votes that come from now on are recorded in every partition, within what is left of the time since `since`. */
export const goesOn = async ({ system, load }: FaultScene, since: number): Promise<void> => {
  const leftMs = (): number => Math.max(0, since + goesOnWithinMs - performance.now())
  const before = new Map((await readCheckpoints(system)).map(({ partition, recorded }) => [partition, recorded]))
  const isPast = async (): Promise<boolean> =>
    (await readCheckpoints(system)).every(
      ({ partition, recorded }) => compareEntryIds(recorded, before.get(partition) ?? '0-0') > 0,
    )
  await waitUntil(isPast, {
    withinMs: leftMs(),
    what: () => `votes of every partition are recorded again; answers: ${JSON.stringify([...load.answers])}`,
  })
}

export const settles = async (cluster: TestCluster): Promise<void> =>
  waitUntil(async () => isClusterSettled(cluster), { withinMs: settlesWithinMs, what: 'the cluster is whole again' })

/** How often servers have said this word instead of doing what they were asked. */
const sumErrors = async ({ servers }: TestCluster, word: string): Promise<number> => {
  const counts = servers.map(async (server) => withServer(server, async (redis) => countErrors(redis, word)))
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0)
}

export const killPrimary: Fault = {
  fact: 'a primary of the cluster that is killed: its replica takes over, and once it has one again votes go on',
  async inject(scene) {
    const cluster = clusterOf(scene.system)
    const slot = slotOf(keysOf(scene.system).stream(0))
    const primary = await primaryOf(cluster, slot)
    const since = performance.now()
    await primary.kill()
    await failsOver(cluster, primary, slot)
    await primary.restart()
    await goesOn(scene, since)
    await settles(cluster)
    return { failovers: 1, 'votes told to come back': scene.load.answers.get('503') ?? 0 }
  },
}

export const pausePrimary: Fault = {
  fact: 'a primary of the cluster that is silent for longer than the others wait, and comes back: what it takes meanwhile is not called accepted',
  async inject(scene) {
    const cluster = clusterOf(scene.system)
    const slot = slotOf(keysOf(scene.system).stream(1))
    const primary = await primaryOf(cluster, slot)
    const since = performance.now()
    process.kill(primary.pid(), 'SIGSTOP')
    try {
      await failsOver(cluster, primary, slot)
    } finally {
      process.kill(primary.pid(), 'SIGCONT')
    }
    await goesOn(scene, since)
    await settles(cluster)
    return { failovers: 1 }
  },
}

export const restartEach: Fault = {
  fact: 'every server of the cluster is restarted in turn: nothing is lost, and votes go on after each',
  async inject(scene) {
    const cluster = clusterOf(scene.system)
    let restarts = 0
    for (const server of cluster.servers) {
      const since = performance.now()
      await stopProcess(server.pid(), [{ signal: 'SIGTERM', withinMs: diesWithinMs }])
      await server.restart()
      await settles(cluster)
      await goesOn(scene, since)
      restarts += 1
    }
    return { 'servers restarted': restarts }
  },
}

/**
 * Moves a slot key by key, as `redis-cli --cluster reshard` does, and rests between its keys, so that it is asked for in each state. `meanwhile`
 * is done before the first key goes.
 */
const moveSlot = async (
  slot: number,
  from: TestRedis,
  to: TestRedis,
  { servers }: TestCluster,
  meanwhile: () => Promise<void>,
): Promise<number> =>
  withServer(from, async (source) =>
    withServer(to, async (target) => {
      const [sourceId, targetId] = [
        String(await source.call('CLUSTER', 'MYID')),
        String(await target.call('CLUSTER', 'MYID')),
      ]
      await target.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', sourceId)
      await source.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', targetId)
      await meanwhile()
      let moved = 0
      for (;;) {
        const [key] = (await source.call('CLUSTER', 'GETKEYSINSLOT', slot, 1)) as readonly string[] // documented so
        if (key === undefined) break
        await source.call('MIGRATE', '127.0.0.1', to.port, key, 0, 5_000)
        moved += 1
        await sleep(restMs)
      }
      // All keys are there, and the slot is not yet: whoever asks is sent on.
      await sleep(5 * restMs)
      await target.call('CLUSTER', 'SETSLOT', slot, 'NODE', targetId)
      for (const server of servers) {
        await withServer(server, async (redis) => redis.call('CLUSTER', 'SETSLOT', slot, 'NODE', targetId)).catch(
          // A replica is told by its primary.
          () => undefined,
        )
      }
      return moved
    }),
  )

const doorless = 'votes in a poll whose door was missing when its slot moved'
const opened = 'votes in polls that were opened while a slot moved'

/** Lets people vote until `stop`, which returns how many did, and throws where somebody could not. */
const letSomeVote = ({ apiUrl }: System, { id, optionIds }: OrganisedPoll) => {
  let isOver = false
  const voters = letVote({
    pollId: id,
    optionIds,
    apiUrl,
    goOn: () => !isOver,
    atOnce: 4,
    retryWithinMs: goesOnWithinMs,
  })
  const stop = async (): Promise<number> => {
    isOver = true
    await voters.done
    const refused = voters.attempts.length - voters.accepted()
    if (refused > 0) throw new Error(`${refused} people could not vote, however often they came back`)
    return voters.accepted()
  }
  return { stop }
}

const takeDoor = async (system: System, partition: number, pollId: string): Promise<void> => {
  const [door, voters] = [keysOf(system).door(partition, pollId), keysOf(system).voters(partition, pollId)]
  await system.cluster?.connections.commands.at(door, async (redis) => redis.unlink(door, voters))
}

export const moveSlots: Fault = {
  fact: 'slots that move while votes arrive take doors, voters and stream with them, and polls whose doors they cannot take are voted in again',
  async inject(scene) {
    const { system, load } = scene
    const cluster = clusterOf(system)
    const poll = await organisePoll(system.apiUrl(0))
    const votes = { [doorless]: 0, [opened]: 0 }
    const counts = async (): Promise<readonly number[]> =>
      Promise.all(['MOVED', 'ASK', 'TRYAGAIN'].map(async (word) => sumErrors(cluster, word)))
    const before = await counts()
    let keys = 0
    for (const partition of [0, 1, 2]) {
      const slot = slotOf(keysOf(system).stream(partition))
      const from = await primaryOf(cluster, slot)
      const others = [0, 1, 2].map((other) => slotOf(keysOf(system).stream(other)))
      const primaries = await Promise.all(others.map(async (other) => primaryOf(cluster, other)))
      const to = primaries.find((primary) => primary !== from)
      if (to === undefined) throw new Error('one server has all slots')
      const since = performance.now()
      await takeDoor(system, partition, poll.id)
      let voting: readonly ReturnType<typeof letSomeVote>[] = []
      keys += await moveSlot(slot, from, to, cluster, async () => {
        const other = await organisePoll(system.apiUrl(1))
        voting = [letSomeVote(system, poll), letSomeVote(system, other)]
      })
      await goesOn(scene, since)
      const [first = 0, second = 0] = await Promise.all(voting.map(async ({ stop }) => stop()))
      votes[doorless] += first
      votes[opened] += second
      await moreAccepted(load, 100)
    }
    const after = await counts()
    const [moved = 0, asked = 0, again = 0] = after.map((count, at) => count - (before[at] ?? 0))
    return { ...votes, 'keys moved': keys, MOVED: moved, ASK: asked, TRYAGAIN: again } satisfies Happened
  },
}
