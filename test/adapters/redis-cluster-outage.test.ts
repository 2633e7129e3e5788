import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { connectCluster } from '../../src/adapters/redis/cluster/connect.ts'
import { slotOf } from '../../src/adapters/redis/cluster/key-slot.ts'
import { spreadTag } from '../../src/adapters/redis/cluster/partition-tags.ts'
import { connectRedis } from '../../src/adapters/redis/connect.ts'
import { type FoundServers, lookAtDurability } from '../../src/adapters/redis/durability.ts'
import { createKeys } from '../../src/adapters/redis/keys.ts'
import { createVoteDoor } from '../../src/adapters/redis/vote-door.ts'
import { createVoteStream } from '../../src/adapters/redis/vote-stream.ts'
import { explainStart } from '../../src/main/explain-start.ts'
import { connectTestCluster } from '../support/adapters-cluster.ts'
import { primaryOf, withServer } from '../support/faults/cluster-faults.ts'
import { replicaOf } from '../support/faults/cluster-losses.ts'
import { findFreePorts } from '../support/free-ports.ts'
import { leastRightsUser, withLeastRights } from '../support/least-rights.ts'
import type { TestRedis } from '../support/redis.ts'
import {
  countErrors,
  handOver,
  isClusterSettled,
  startTestCluster,
  type TestCluster,
} from '../support/redis-cluster.ts'
import { someCall, someDoor, somePollId } from '../support/some-calls.ts'
import { waitUntil } from '../support/wait-until.ts'

const keys = createKeys('', spreadTag)
const aloneProblem = 'no replica is connected, and VOTE_DURABILITY is replicated'
const failsOverWithinMs = 10_000
let cluster: TestCluster
let connections: Awaited<ReturnType<typeof connectTestCluster>>

beforeAll(async () => {
  cluster = await startTestCluster()
  connections = await connectTestCluster(cluster.redisUrl)
  // `ready` waits for none of these: nobody is served there.
  const replicas = () => connections.commands.replicas()
  await waitUntil(() => replicas().length === 3 && replicas().every(({ status }) => status === 'ready'))
})
afterAll(async () => {
  connections.stop()
  await cluster.stop()
})

const connectTo = (ports: readonly [number, ...number[]]) => {
  const [first, ...others] = ports
  const seedOf = (port: number): string => `redis://127.0.0.1:${port}`
  return connectCluster({ seeds: [seedOf(first), ...others.map(seedOf)], onError: () => undefined })
}

const openDoor = async (partition: number, pollId: string): Promise<void> => {
  const stream = createVoteStream(connections, keys)
  await stream.raiseEpoch(partition, 1)
  await createVoteDoor(connections.commands, keys).open(partition, someDoor(pollId))
  stream.stop()
}

/** The primary that has the partition, and its replica. */
const pairOf = async (partition: number): Promise<readonly [TestRedis, TestRedis]> => {
  const primary = await primaryOf(cluster, slotOf(keys.stream(partition)))
  return [primary, await replicaOf(cluster, primary)]
}

/** A partition that another primary has than this one. */
const partitionElsewhere = async (partition: number): Promise<number> => {
  const ownerOf = async (of: number): Promise<Redis> => connections.commands.at(keys.stream(of), async (redis) => redis)
  const owner = await ownerOf(partition)
  for (let other = 0; other < 8; other += 1) if ((await ownerOf(other)) !== owner) return other
  throw new Error('one primary has all partitions')
}

const setAll = async (name: string, value: string, servers = cluster.servers): Promise<void> => {
  for (const server of servers) await withServer(server, async (redis) => redis.config('SET', name, value))
}

/** The duties of the connections of ours that the server has. */
const dutiesAt = async (server: TestRedis): Promise<readonly string[]> => {
  const list = String(await withServer(server, async (redis) => redis.call('CLIENT', 'LIST')))
  return [...list.matchAll(/ name=tallycast-(\w+) /g)].map(([, duty = '']) => duty).toSorted()
}

test('a process has one connection for each duty and primary, and one to each replica, also when a slot has moved', async () => {
  const atPrimary = ['cache', 'commands', 'map', 'publisher', 'subscriber']
  const isSo = async (): Promise<boolean> => {
    const duties = await Promise.all(cluster.servers.map(dutiesAt))
    return duties.every((at, number) => at.join() === (number < 3 ? atPrimary.join() : 'map'))
  }
  // Those of processes that have just ended may be there yet.
  await waitUntil(isSo)
  const key = 'moves'
  const from = await connections.commands.at(key, async (redis) => redis)
  const to = connections.commands.primaries().find((primary) => primary !== from)
  if (to === undefined) throw new Error('one server has all slots')
  await handOver(slotOf(key), from, to)
  expect(await connections.commands.at(key, async (redis) => redis.exists(key))).toBe(0)
  await waitUntil(isSo, { what: 'there are no more connections than before' })
  await handOver(slotOf(key), to, from)
})

test('each primary is looked at for what it keeps, and one that is named as if it were alone says how it is to be named', async () => {
  const look = async () => lookAtDurability(connections.commands, 'durable')
  expect(await look()).toEqual({ problems: [], warnings: [], unseen: [] })
  const [primary] = await pairOf(1)
  await setAll('appendfsync', 'everysec', [primary])
  const problem = {
    problem: expect.stringContaining(`127.0.0.1:${primary.port}: appendfsync is everysec`),
    mend: expect.arrayContaining([`-h 127.0.0.1 -p ${primary.port} CONFIG SET appendfsync always`]),
  }
  expect(await look()).toEqual({ problems: [problem], warnings: [], unseen: [] })
  await setAll('appendfsync', 'always', [primary])
  const alone = connectRedis({ url: `redis://127.0.0.1:${primary.port}`, onError: () => undefined })
  await alone.ready()
  expect(await lookAtDurability(alone.commands, 'durable')).toMatchObject({
    problems: [{ problem: expect.stringContaining('redis-cluster://') }],
  })
  alone.stop()
})

test('a replica that would keep votes less well is told before it takes over, and is no reason to start nothing', async () => {
  const [, replica] = await pairOf(1)
  await setAll('maxmemory-policy', 'allkeys-lru', [replica])
  expect(await lookAtDurability(connections.commands, 'durable')).toEqual({
    problems: [],
    warnings: [
      {
        problem: expect.stringContaining(`127.0.0.1:${replica.port}: maxmemory-policy is allkeys-lru`),
        mend: expect.arrayContaining([`-h 127.0.0.1 -p ${replica.port} CONFIG SET maxmemory-policy noeviction`]),
      },
    ],
    unseen: [],
  })
  await setAll('maxmemory-policy', 'noeviction', [replica])
  const admin = new Redis({ port: replica.port, enableReadyCheck: false })
  const forbidden = { problem: expect.stringContaining(`127.0.0.1:${replica.port}: Redis does not let us`), mend: [] }
  await admin.call('ACL', 'SETUSER', 'default', '-info')
  expect(await lookAtDurability(connections.commands, 'durable')).toEqual({
    problems: [],
    warnings: [forbidden],
    unseen: [],
  })
  await admin.call('ACL', 'SETUSER', 'default', '+info')
  admin.disconnect()
})

test('a replica that does not let our user in is told, and what was told of it stands until it answers again', async () => {
  const [, replica] = await pairOf(1)
  const ours = await connectTestCluster(withLeastRights(cluster.redisUrl))
  const found: FoundServers = new Map()
  const look = async () => lookAtDurability(ours.commands, 'durable', found)
  const becomes = async (pattern: RegExp): Promise<void> => {
    let warnings = ''
    const isSo = async (): Promise<boolean> => {
      warnings = (await look()).warnings.map(({ problem }) => problem).join()
      return pattern.test(warnings)
    }
    await waitUntil(isSo, { withinMs: failsOverWithinMs, what: () => `${pattern} and not ${warnings}` })
  }
  const setUser = async (word: 'on' | 'off'): Promise<void> =>
    withServer(replica, async (redis) => {
      await redis.call('ACL', 'SETUSER', leastRightsUser, word)
      if (word === 'off') await redis.call('CLIENT', 'KILL', 'USER', leastRightsUser)
    })
  const connection = () => ours.commands.replicas().find(({ options }) => options.port === replica.port)
  try {
    await becomes(/^$/)
    await setUser('off')
    await becomes(
      new RegExp(`^127.0.0.1:${replica.port}: Redis does not let this user in \\(WRONGPASS .*as on the other servers$`),
    )
    expect(await look()).toMatchObject({ problems: [], unseen: [] })
    await setUser('on')
    await becomes(/^$/)

    await setAll('appendfsync', 'everysec', [replica])
    await becomes(/appendfsync is everysec/)
    process.kill(replica.pid(), 'SIGSTOP')
    connection()?.stream.destroy()
    await waitUntil(() => connection()?.status !== 'ready')
    expect((await look()).warnings).toMatchObject([{ problem: expect.stringContaining('appendfsync is everysec') }])
    process.kill(replica.pid(), 'SIGCONT')
    await setAll('appendfsync', 'always', [replica])
    await becomes(/^$/)
  } finally {
    process.kill(replica.pid(), 'SIGCONT')
    await setUser('on')
    await setAll('appendfsync', 'always', [replica])
    ours.stop()
  }
})

test('where replicas must confirm, a primary without one is told; where none has one, nothing starts', async () => {
  const look = async () => lookAtDurability(connections.commands, 'replicated')
  const [primary, replica] = await pairOf(1)
  const without = (server: TestRedis) => ({ problem: `127.0.0.1:${server.port}: ${aloneProblem}`, mend: [] })
  const isLeft = async (server: TestRedis): Promise<void> =>
    waitUntil(async () => (await withServer(server, async (redis) => redis.info())).includes('connected_slaves:0'))
  const leave = async (from: TestRedis, to: TestRedis): Promise<void> => {
    process.kill(to.pid(), 'SIGSTOP')
    await withServer(from, async (redis) => redis.call('CLIENT', 'KILL', 'TYPE', 'replica'))
    await isLeft(from)
  }
  const primaries = cluster.servers.slice(0, 3)
  const replicas = cluster.servers.slice(3)
  try {
    await leave(primary, replica)
    expect(await look()).toEqual({ problems: [], warnings: [without(primary)], unseen: [] })
    for (const [at, each] of primaries.entries()) await leave(each, replicas[at] ?? replica)
    expect((await look()).problems).toEqual(primaries.map(without))
  } finally {
    for (const each of replicas) process.kill(each.pid(), 'SIGCONT')
  }
  await waitUntil(async () => (await look()).warnings.length === 0, { withinMs: failsOverWithinMs })
  await waitUntil(async () => isClusterSettled(cluster), { withinMs: failsOverWithinMs })
})

test('a replica that takes over has never seen the scripts, and is told them; nobody is connected twice', async () => {
  const pollId = somePollId()
  await openDoor(0, pollId)
  const [, replica] = await pairOf(0)
  const countUnknown = async (): Promise<number> => withServer(replica, async (redis) => countErrors(redis, 'NOSCRIPT'))
  const before = await countUnknown()
  await withServer(replica, async (redis) => redis.call('CLUSTER', 'FAILOVER'))
  const hasTakenOver = async (): Promise<boolean> =>
    (await withServer(replica, async (redis) => redis.info('replication'))).includes('role:master')
  await waitUntil(hasTakenOver, { withinMs: failsOverWithinMs })
  const door = createVoteDoor(connections.commands, keys)
  const isAccepted = async (): Promise<boolean> =>
    (await door.append(0, [someCall({ pollId })]).catch(() => []))[0]?.answer === 'accepted'
  await waitUntil(isAccepted, { withinMs: failsOverWithinMs, what: 'votes are accepted' })
  expect(await countUnknown()).toBeGreaterThan(before)
  // One that was given up may be there yet.
  const isTwice = (duties: readonly string[]): boolean => new Set(duties).size < duties.length
  await waitUntil(async () => !(await Promise.all(cluster.servers.map(dutiesAt))).some(isTwice))
})

test('while a primary and its replica are silent, who starts serves the partitions of the others, and these once they are back', async () => {
  const [here, there] = [0, await partitionElsewhere(0)]
  const pollId = somePollId()
  await openDoor(here, pollId)
  await openDoor(there, pollId)
  const [primary, replica] = await pairOf(here)
  const others = cluster.servers.filter((server) => server !== primary && server !== replica)
  await setAll('cluster-require-full-coverage', 'no', others)
  // Whichever of the two comes back as the primary is weaker than declared.
  await setAll('appendfsync', 'everysec', [primary, replica])
  for (const server of [primary, replica]) process.kill(server.pid(), 'SIGSTOP')
  const late = connectTo([primary.port, others[0]?.port ?? 0])
  try {
    await expect(late.ready()).resolves.toBeUndefined()
    const door = createVoteDoor(late.commands, keys)
    // A start asks for the time where partition 0 is.
    await expect(door.now()).resolves.toBeGreaterThan(0)
    expect(await lookAtDurability(late.commands, 'durable')).toEqual({
      problems: [],
      warnings: [],
      unseen: [`127.0.0.1:${primary.port}`],
    })
    expect(await door.append(there, [someCall({ pollId })])).toMatchObject([{ answer: 'accepted' }])
    const call = someCall({ pollId })
    await expect(door.append(here, [call])).rejects.toMatchObject({ name: 'DependencyUnavailable' })
    process.kill(primary.pid(), 'SIGCONT')
    await waitUntil(async () => (await door.append(here, [call]).catch(() => []))[0]?.answer === 'accepted', {
      withinMs: failsOverWithinMs,
      what: 'votes of the partition are accepted',
    })
    expect(await lookAtDurability(late.commands, 'durable')).toMatchObject({
      problems: [{ problem: expect.stringContaining('appendfsync is everysec') }],
      unseen: [],
    })
  } finally {
    late.stop()
    for (const server of [primary, replica]) process.kill(server.pid(), 'SIGCONT')
  }
  await setAll('appendfsync', 'always', [primary, replica])
})

test('a seed that is dead does no harm beside one that serves; where none does it is said whom we asked, and what came of it', async () => {
  const [dead = 0, alsoDead = 0] = await findFreePorts(2)
  const [, serving] = cluster.servers
  const some = connectTo([dead, serving?.port ?? 0])
  await some.ready()
  expect(some.commands.primaries()).toHaveLength(3)
  some.stop()
  const none = connectTo([dead, alsoDead])
  const fault = await none.ready(2_500).catch((error: unknown) => error)
  none.stop()
  const refusedBy = (port: number): string => `127.0.0.1:${port}: connect ECONNREFUSED 127.0.0.1:${port}`
  expect(explainStart(fault)).toMatchObject({
    message: expect.stringMatching(
      `no server of the cluster served within 2500 ms .${refusedBy(dead)}; ${refusedBy(alsoDead)}`,
    ),
  })
})
