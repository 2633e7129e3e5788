import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { connectCluster } from '../../src/adapters/redis/cluster/connect.ts'
import { slotOf } from '../../src/adapters/redis/cluster/key-slot.ts'
import { createKeys } from '../../src/adapters/redis/keys.ts'
import { spreadTag } from '../../src/adapters/redis/cluster/partition-tags.ts'
import { createTallyFeed } from '../../src/adapters/redis/tally-feed.ts'
import { createVoteDoor } from '../../src/adapters/redis/vote-door.ts'
import { createDoorRestoration } from '../../src/adapters/redis/door-restoration.ts'
import { createVoteStream } from '../../src/adapters/redis/vote-stream.ts'
import { BATCH_LIMITS, createBatchCalls, HOLD_LIMITS } from '../../src/application/cast-vote/batch-calls.ts'
import { connectTestCluster } from '../support/adapters-cluster.ts'
import { patientMs } from '../support/adapters-redis.ts'
import { withLeastRights } from '../support/least-rights.ts'
import { shareTestRedis } from '../support/redis.ts'
import {
  countErrors,
  handOver,
  listForbidden,
  startPatientCluster,
  type TestCluster,
} from '../support/redis-cluster.ts'
import { readVotes, someCall, someDoor, somePollId } from '../support/some-calls.ts'
import { someTally } from '../support/some-tally.ts'
import { waitUntil } from '../support/wait-until.ts'

const keys = createKeys('', spreadTag)
let cluster: TestCluster
let connections: Awaited<ReturnType<typeof connectTestCluster>>

beforeAll(async () => {
  cluster = await startPatientCluster()
  connections = await connectTestCluster(cluster.redisUrl, { commandTimeoutMs: patientMs })
})
afterAll(async () => {
  connections.stop()
  await cluster.stop()
})

/** The adapters, and a poll whose door is open. */
const openPoll = async (partition: number, replication: Parameters<typeof createVoteDoor>[2] = {}) => {
  const door = createVoteDoor(connections.commands, keys, replication)
  const stream = createVoteStream(connections, keys)
  const pollId = somePollId()
  await stream.raiseEpoch(partition, 1)
  await door.open(partition, someDoor(pollId))
  return { door, stream, pollId }
}

test('a key lies in the slot in which the servers put it', async () => {
  const [redis] = connections.commands.primaries()
  const some = ['123456789', '{a}b', 'a{}{b}', 'a{{b}}c', 'a{b}{c}', 'a{b', 'häuser', keys.stream(7), keys.rate('a')]
  for (const key of some) expect([key, await redis?.cluster('KEYSLOT', key)]).toEqual([key, slotOf(key)])
})

test('each primary has some of the eight first partitions', async () => {
  const servers = await Promise.all(
    Array.from({ length: 8 }, async (_, partition) =>
      connections.commands.at(keys.stream(partition), async (redis) => redis),
    ),
  )
  expect(new Set(servers).size).toBe(3)
})

test('servers that do not know the scripts are told them', async () => {
  const { door, pollId } = await openPoll(0)
  for (const redis of connections.commands.primaries()) await redis.script('FLUSH')
  expect(await door.append(0, [someCall({ pollId })])).toMatchObject([{ answer: 'accepted' }])
})

test('where replicas are asked for, it is those of the server that took the vote', async () => {
  const { door, pollId } = await openPoll(0, { replication: { replicasMin: 1, waitMs: 5_000 } })
  expect(await door.append(0, [someCall({ pollId })])).toMatchObject([{ answer: 'accepted' }])
  const hasty = createVoteDoor(connections.commands, keys, { replication: { replicasMin: 1, waitMs: 100 } })
  const primary = await connections.commands.at(keys.stream(0), async (redis) => redis.options.port)
  const replica = cluster.servers[3 + cluster.servers.findIndex(({ port }) => port === primary)]
  if (replica === undefined) throw new Error('the primary has no replica')
  // The others have theirs.
  process.kill(replica.pid(), 'SIGSTOP')
  try {
    await expect(hasty.append(0, [someCall({ pollId })])).rejects.toThrow('0 of 1 replicas')
  } finally {
    process.kill(replica.pid(), 'SIGCONT')
  }
})

/** Polls whose channels lie at one server, each in a slot of its own in which nothing else is: a slot is moved without its neighbours. */
const somePollsAtOne = async (count: number) => {
  const ownerOf = async (channel: string): Promise<Redis> => connections.commands.at(channel, async (redis) => redis)
  const taken = new Set([0, 1, 2, 3].map((partition) => slotOf(keys.stream(partition))))
  const pollIds: string[] = []
  let from: Redis | undefined
  while (pollIds.length < count) {
    const pollId = somePollId()
    const channel = keys.pollUpdates(pollId)
    const owner = await ownerOf(channel)
    from ??= owner
    if (owner !== from || taken.has(slotOf(channel))) continue
    taken.add(slotOf(channel))
    pollIds.push(pollId)
  }
  const to = connections.commands.primaries().find((primary) => primary !== from)
  if (from === undefined || to === undefined) throw new Error('one server has all slots')
  return { pollIds, from, to }
}

test('news goes on when the slot of its channel has moved, and the listener hears of the gap', async () => {
  const feed = createTallyFeed(connections, keys, () => undefined)
  const {
    pollIds: [pollId = ''],
    from,
    to,
  } = await somePollsAtOne(1)
  const channel = keys.pollUpdates(pollId)
  const heard: number[] = []
  let gaps = 0
  const leave = await feed.subscribe(pollId, {
    onTally: ({ version }) => heard.push(version),
    onGap: () => (gaps += 1),
  })
  await handOver(slotOf(channel), from, to)
  await waitUntil(() => gaps > 0)
  await feed.publishTally(someTally({ pollId, version: 7 }))
  await waitUntil(() => heard.includes(7))
  await handOver(slotOf(channel), to, from)
  await waitUntil(() => gaps > 1)
  await feed.publishTally(someTally({ pollId, version: 8 }))
  await waitUntil(() => heard.includes(8))
  await leave()
  feed.stop()
})

/** How often the primaries were asked for this command, whatever they answered. */
const countCalls = async (command: string): Promise<number> => {
  const counts = connections.commands.primaries().map(async (redis) => {
    const [, done = 0, refused = 0] =
      new RegExp(`cmdstat_${command}:calls=(\\d+).*rejected_calls=(\\d+)`).exec(await redis.info('commandstats')) ?? []
    return Number(done) + Number(refused)
  })
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0)
}

test('channels whose slots have moved are asked for again a few times, and no others with them', async () => {
  const feed = createTallyFeed(connections, keys, () => undefined)
  const { pollIds, from, to } = await somePollsAtOne(20)
  const gaps = new Map<string, number>()
  const heard = new Set<string>()
  const subscriptions = pollIds.map(async (pollId) =>
    feed.subscribe(pollId, {
      onTally: () => heard.add(pollId),
      onGap: () => gaps.set(pollId, (gaps.get(pollId) ?? 0) + 1),
    }),
  )
  const leaves = await Promise.all(subscriptions)
  const asked = await countCalls('ssubscribe')
  const moved = pollIds.slice(0, 16)
  for (const pollId of moved) await handOver(slotOf(keys.pollUpdates(pollId)), from, to)
  await waitUntil(() => moved.every((pollId) => gaps.has(pollId)))
  for (const pollId of pollIds) await feed.publishTally(someTally({ pollId, version: 7 }))
  await waitUntil(() => heard.size === pollIds.length)
  const again = (await countCalls('ssubscribe')) - asked
  expect(again).toBeLessThan(moved.length * pollIds.length)
  expect(pollIds.filter((pollId) => gaps.has(pollId))).toEqual(moved)
  for (const pollId of moved) await handOver(slotOf(keys.pollUpdates(pollId)), to, from)
  await Promise.all(leaves.map(async (leave) => leave()))
  feed.stop()
})

/** Begins to move a partition to the server of another one. `takeOver` brings those keys there that are told. */
const beginMove = async (partition: number, toThatOf: number) => {
  const slot = slotOf(keys.stream(partition))
  const [from, to] = await Promise.all([
    connections.commands.at(keys.stream(partition), async (redis) => redis),
    connections.commands.at(keys.stream(toThatOf), async (redis) => redis),
  ])
  expect(from).not.toBe(to)
  const [fromId, toId] = [String(await from.call('CLUSTER', 'MYID')), String(await to.call('CLUSTER', 'MYID'))]
  await to.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', fromId)
  await from.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', toId)
  const takeOver = async (some: readonly string[]): Promise<void> => {
    await from.call('MIGRATE', '127.0.0.1', to.options.port ?? 0, '', 0, 5_000, 'KEYS', ...some)
  }
  const takeOverRest = async (): Promise<void> => {
    await takeOver((await from.call('CLUSTER', 'GETKEYSINSLOT', slot, 100)) as readonly string[]) // documented so
  }
  return { slot, from, to, takeOver, takeOverRest }
}

test('a door, its voters and its stream go on at the server that their slot was moved to, and that is told as an interruption', async () => {
  const { door, stream, pollId } = await openPoll(3)
  const call = someCall({ pollId })
  const [first] = await door.append(3, [call])
  const { slot, from, to, takeOverRest } = await beginMove(3, 0)
  await takeOverRest()

  // The keys are there, the slot is not.
  await expect(door.append(3, [call])).resolves.toEqual([{ ...first, isRepeated: true }])
  expect(await door.append(3, [someCall({ pollId })])).toMatchObject([{ answer: 'accepted', isRepeated: false }])
  const limits = { entriesMax: 10, waitMs: 100 }
  expect(await stream.read(3, '0-0', limits, new AbortController().signal)).toHaveLength(2)

  const [interruptions, ofOthers] = [door.interruptions(3), door.interruptions(0)]
  await handOver(slot, from, to)
  const sentOnBefore = await countErrors(from, 'MOVED')
  const answered = await door.append(3, [call]).then(
    () => true,
    () => false,
  )
  // Nobody has looked yet whether the log is as long there. A look at the slots that came first has interrupted, too.
  const wasSentOn = (await countErrors(from, 'MOVED')) > sentOnBefore
  expect(answered).toBe(!wasSentOn)
  expect(door.interruptions(3)).toBeGreaterThan(interruptions)
  expect(door.interruptions(0)).toBe(ofOthers)
  await waitUntil(async () => {
    const answers = await door.append(3, [call]).catch(() => null)
    if (answers !== null) expect(answers).toEqual([{ ...first, isRepeated: true }])
    return answers !== null
  })
  await waitUntil(async () => {
    const entries = await stream.read(3, '0-0', limits, new AbortController().signal).catch(() => [])
    return entries.length === 2
  })
  stream.stop()
})

test('while the slot of a partition moves, polls whose keys are all on one side go on; others hold up nobody else, and come back by themselves', async () => {
  const { door, stream, pollId } = await openPoll(2)
  await stream.follow(2, '0-0')
  const restoration = createDoorRestoration(connections.commands, keys)
  // Nobody's patience ends because this machine is busy.
  const limits = { ...BATCH_LIMITS, answerMsMax: 30_000 }
  const askFor = (heldMsMax: number) => {
    const batch = createBatchCalls(async (...asked) => door.append(...asked), {
      limits,
      hold: { ...HOLD_LIMITS, heldMsMax },
      report: () => undefined,
    })
    return async (...pollIds: readonly string[]) =>
      Promise.all(pollIds.map(async (id) => batch.call(2, someCall({ pollId: id }))))
  }
  const [hastily, patiently] = [askFor(0), askFor(limits.answerMsMax)]
  const accepted = { answer: 'accepted', isRepeated: false }
  const toldToComeBack = { refused: 'unavailable', retryAfterMs: expect.any(Number) }
  expect(await hastily(pollId)).toMatchObject([accepted])

  const { slot, from, to, takeOver, takeOverRest } = await beginMove(2, 0)
  const [doorless, opened] = [somePollId(), somePollId()]
  expect(await hastily(pollId, doorless)).toMatchObject([accepted, toldToComeBack])

  await takeOver([keys.epoch(2)])
  const again = await countErrors(from, 'TRYAGAIN')
  const waiting = patiently(pollId)
  await waitUntil(async () => (await countErrors(from, 'TRYAGAIN')) > again)
  await takeOverRest()
  expect(await waiting).toMatchObject([accepted])
  expect(await hastily(pollId, doorless, pollId)).toMatchObject([accepted, toldToComeBack, accepted])

  // Keys that are yet to be made can be made on neither side.
  const refused = await countErrors(to, 'TRYAGAIN')
  const opening = Promise.allSettled([door.open(2, someDoor(opened)), restoration.begin(2, doorless, 1)])
  const moving = { status: 'rejected', reason: { name: 'DependencyMoving' } }
  expect(await opening).toMatchObject([moving, moving])
  // They waited for it, as often as they may.
  expect((await countErrors(to, 'TRYAGAIN')) - refused).toBe(2 * (1 + 20))

  await handOver(slot, from, to)
  await door.open(2, someDoor(opened))
  expect(await patiently(pollId, opened, doorless)).toMatchObject([accepted, accepted, { answer: 'door_missing' }])
  expect(await restoration.begin(2, doorless, 1)).toMatchObject({ pollId: doorless })
  expect(await readVotes(stream, pollId, 2)).toHaveLength(6)
  stream.stop()
})

test('a user with the rights that the docs name has no others', async () => {
  const user = await connectTestCluster(withLeastRights(cluster.redisUrl))
  const key = keys.stream(0)
  const ask = async (command: string, ...words: readonly string[]): Promise<unknown> =>
    user.commands.at(key, async (redis) => redis.call(command, ...words))
  await openPoll(0)
  expect(await ask('XINFO', 'STREAM', key)).toContain('last-generated-id')
  for (const words of [
    ['KEYS', '*'],
    ['SCAN', '0'],
    ['DEL', key],
    ['FLUSHALL'],
    ['CONFIG', 'SET', 'appendonly', 'no'],
    ['CLUSTER', 'RESET'],
    ['XGROUP', 'DESTROY', key, 'poll_workers'],
    ['ACL', 'LIST'],
    ['SHUTDOWN'],
  ] as const) {
    const [command, ...rest] = words
    await expect(ask(command, ...rest)).rejects.toThrow('NOPERM')
  }
  await expect(ask('EVAL', "return redis.call('DEL', KEYS[1])", '1', key)).rejects.toThrow("can't run this command")
  await expect(ask('UNLINK', 'a', 'b')).rejects.toThrow('CROSSSLOT')
  // The journeys see by this that no process has asked for such a thing.
  const seen = (await listForbidden(cluster)).map((line) => line.split(':')[0])
  expect(new Set(seen)).toEqual(
    new Set(['cmdstat_flushall', 'cmdstat_keys', 'cmdstat_scan', 'denied', 'errorstat_CROSSSLOT']),
  )
  user.stop()
})

test('REDIS_URL may show a name and a password; with a wrong one, or without a cluster, nothing starts, and it is said why', async () => {
  const [seed] = cluster.servers
  const connectAs = (password: string, onError: (duty: string) => void) =>
    connectCluster({ seeds: [`redis://tallycast:${password}@127.0.0.1:${seed?.port}`], onError })
  const known = connectAs('secret', () => undefined)
  await known.ready()
  known.stop()
  const failed = new Set<string>()
  const unknown = connectAs('wrong', (duty) => failed.add(duty))
  await expect(unknown.ready(6_000)).rejects.toMatchObject({
    name: 'DependencyUnavailable',
    cause: expect.objectContaining({ message: expect.stringContaining('WRONGPASS') }),
  })
  unknown.stop()
  expect([...failed]).toEqual([`map at 127.0.0.1:${seed?.port}`])
  const { redisUrl } = shareTestRedis()
  const noCluster = connectCluster({ seeds: [redisUrl], onError: () => undefined })
  await expect(noCluster.ready(6_000)).rejects.toMatchObject({
    name: 'DependencyUnavailable',
    cause: expect.objectContaining({ message: expect.stringContaining('cluster support disabled') }),
  })
  noCluster.stop()
})

test('servers that tell of ports alone are called where they were asked; where they tell of names that they have not, the map stays', async () => {
  const tell = async (how: 'ip' | 'unknown-endpoint' | 'hostname'): Promise<void> => {
    const telling = cluster.servers.map(async ({ redisUrl }) => {
      const redis = new Redis(redisUrl)
      await redis.config('SET', 'cluster-preferred-endpoint-type', how)
      redis.disconnect()
    })
    await Promise.all(telling)
  }
  const [seed] = cluster.servers
  const connect = () => connectCluster({ seeds: [seed?.redisUrl ?? ''], onError: () => undefined })
  const key = keys.stream(1)
  await tell('unknown-endpoint')
  const known = connect()
  try {
    await known.ready()
    const addressesOf = ({ commands }: typeof known) =>
      commands.primaries().map(({ options: { host, port } }) => `${host}:${port}`)
    const addresses = addressesOf(connections)
    expect(new Set(addressesOf(known))).toEqual(new Set(addresses))
    const from = await known.commands.at(key, async (redis) => redis)
    const to = known.commands.primaries().find((redis) => redis !== from && redis.options.port !== seed?.port)
    if (to === undefined) throw new Error('one server has all slots')
    const countAll = async (): Promise<number> =>
      (await Promise.all(connections.commands.primaries().map(async (redis) => countErrors(redis, 'MOVED')))).reduce(
        (sum, count) => sum + count,
      )
    const sentOn = await countAll()
    await handOver(slotOf(key), from, to)
    expect(await known.commands.at(key, async (redis) => [await redis.exists(key), redis.options.port])).toEqual([
      expect.any(Number),
      to.options.port,
    ])
    // Or it had looked already.
    expect((await countAll()) - sentOn).toBeLessThanOrEqual(1)
    await handOver(slotOf(key), to, from)
    await waitUntil(async () => (await known.commands.at(key, async (redis) => redis)) === from)
    await tell('hostname')
    const nameless = connect()
    await expect(nameless.ready(6_000)).rejects.toMatchObject({
      cause: { message: expect.stringContaining('cluster-announce-hostname') },
    })
    nameless.stop()
    // Both ask each server once a second.
    const looks = await countCalls('cluster\\|slots')
    await waitUntil(async () => (await countCalls('cluster\\|slots')) > looks + 4 * addresses.length, {
      withinMs: 15_000,
    })
    expect(new Set(addressesOf(known))).toEqual(new Set(addresses))
    expect(await known.commands.at(key, async (redis) => redis.options.port)).toBe(from.options.port)
  } finally {
    await tell('ip')
    known.stop()
  }
})
