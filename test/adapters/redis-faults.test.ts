import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { connectRedis } from '../../src/adapters/redis/connect.ts'
import { createTallyFeed } from '../../src/adapters/redis/tally-feed.ts'
import { createVoteDoor } from '../../src/adapters/redis/vote-door.ts'
import { type EntryId, parseEntryId, STREAM_START } from '../../src/domain/position.ts'
import { DependencyUnavailable } from '../../src/ports/unavailable.ts'
import type { DoorAnswer } from '../../src/ports/vote-door.ts'
import type { VoteStream } from '../../src/ports/vote-stream.ts'
import { hastyMs, startOwnRedis } from '../support/own-redis.ts'
import { ask, readEntries, readVotes, someCall, someDoor, somePollId } from '../support/some-calls.ts'
import { someTally } from '../support/some-tally.ts'
import { startTcpProxy } from '../support/tcp-proxy.ts'
import { waitUntil } from '../support/wait-until.ts'

const never = new AbortController().signal

/** Whether the work succeeds now; fails the test when it fails with anything but "unavailable". */
const succeeds = async (work: () => Promise<unknown>): Promise<boolean> => {
  try {
    await work()
    return true
  } catch (error) {
    if (error instanceof DependencyUnavailable) return false
    throw error
  }
}

test('after FLUSHALL every door is missing, the epoch is unknown, and the restoration brings them back', async () => {
  await using redis = await startOwnRedis()
  const { door, stream, restoration, connections, cache } = redis
  const pollId = somePollId()
  await stream.raiseEpoch(0, 1)
  await door.open(0, someDoor(pollId))
  await ask(door, someCall({ pollId }))
  await cache.putTally(someTally({ pollId }))

  await connections.commands.flushall()
  expect(await ask(door, someCall({ pollId }))).toEqual({ answer: 'door_missing' })
  expect(await stream.inspect(0, '5-0')).toEqual({ end: STREAM_START, hasEntry: false })
  expect(await cache.getTally(pollId)).toBeNull()

  // An epoch that nobody knows cannot be made up: its positions might come a second time.
  await door.open(0, someDoor(pollId))
  expect(await ask(door, someCall({ pollId }))).toEqual({ answer: 'door_missing' })
  await expect(door.shut(0, pollId, 1, false)).rejects.toThrow(DependencyUnavailable)

  await stream.follow(0, STREAM_START)
  const begun = await restoration.begin(0, pollId, 1)
  expect(begun).toMatchObject({ epoch: 0, end: STREAM_START })
  expect(begun && (await restoration.finish(begun, someDoor(pollId), 2))).toBe(true)
  expect(await ask(door, someCall({ pollId }))).toMatchObject({ answer: 'accepted', isRepeated: false })
  expect((await stream.read(0, STREAM_START, { entriesMax: 9, waitMs: 0 }, never)).map(({ epoch }) => epoch)).toEqual([
    2,
  ])
})

test('whatever Redis loses, unrecorded votes are counted anew: not refused for ever, and not let in without a limit', async () => {
  await using redis = await startOwnRedis()
  const { stream, connections, keys } = redis
  const door = createVoteDoor(connections.commands, keys, { unrecordedVotesMax: 3 })
  const acceptedOf = async (pollId: string): Promise<number> => {
    const answers = await door.append(
      0,
      Array.from({ length: 9 }, () => someCall({ pollId })),
    )
    return answers.filter(({ answer }) => answer === 'accepted').length
  }
  const open = async (): Promise<string> => {
    const pollId = somePollId()
    await stream.raiseEpoch(0, 1)
    await door.open(0, someDoor(pollId))
    return pollId
  }
  const pollId = await open()
  for (let turn = 0; turn < 2; turn += 1) {
    expect(await acceptedOf(pollId)).toBe(3)
    await stream.follow(0, (await stream.inspect(0, STREAM_START)).end)
  }
  const { end: recorded } = await stream.inspect(0, STREAM_START)
  await acceptedOf(pollId)

  await connections.commands.flushall()
  const later = await open()
  expect([await acceptedOf(later), await acceptedOf(later)]).toEqual([3, 0])
  // The owner has not noticed yet; then it reads from the beginning.
  for (const place of [recorded, STREAM_START]) await stream.follow(0, place)
  expect(await acceptedOf(later)).toBe(0)
  await stream.follow(0, (await stream.inspect(0, STREAM_START)).end)
  expect(await acceptedOf(later)).toBe(3)

  for (const lost of [keys.recordedCount(0), keys.voteCount(0), keys.stream(0)]) {
    await connections.commands.del(lost)
    await acceptedOf(later)
    expect(await acceptedOf(later)).toBe(0)
    await stream.follow(0, (await stream.inspect(0, STREAM_START)).end)
    expect([await acceptedOf(later), await acceptedOf(later)]).toEqual([3, 0])
  }
})

test('a permission to restore dies with the data that it was given for', async () => {
  await using redis = await startOwnRedis()
  const pollId = somePollId()
  await redis.stream.raiseEpoch(0, 1)
  const begun = await redis.restoration.begin(0, pollId, 1)
  if (begun === null) throw new Error('not permitted')
  await redis.connections.commands.flushall()
  expect(await redis.restoration.putVoters(begun, 1, [])).toBe(false)
  expect(await redis.restoration.finish(begun, someDoor(pollId), 1)).toBe(false)
})

test('every entry bears a number of its own, so that of two copies of a log each knows which entries are its own', async () => {
  await using redis = await startOwnRedis()
  const { door, stream } = redis
  const pollId = somePollId()
  await stream.raiseEpoch(0, 1)
  await door.open(0, someDoor(pollId))
  for (let times = 0; times < 20; times += 1) await ask(door, someCall({ pollId }))
  await door.shut(0, pollId, 1, false)
  const numbers = (await readEntries(stream)).map(({ id }) => parseEntryId(id)[1])
  // Numbered by the millisecond alone, most would be 0.
  expect(new Set(numbers).size).toBe(21)
})

test('after SCRIPT FLUSH votes go on', async () => {
  await using redis = await startOwnRedis()
  const pollId = somePollId()
  await redis.stream.raiseEpoch(0, 1)
  await redis.door.open(0, someDoor(pollId))
  await redis.connections.commands.script('FLUSH')
  const answers = await Promise.all(Array.from({ length: 5 }, () => ask(redis.door, someCall({ pollId }))))
  expect(answers.map(({ answer }) => answer)).toEqual(Array.from({ length: 5 }, () => 'accepted'))
})

test('Redis is killed and comes back: votes, reads and news go on, and nothing that was accepted is lost', async () => {
  await using redis = await startOwnRedis()
  const { door, stream, feed, server } = redis
  const pollId = somePollId()
  await stream.raiseEpoch(0, 1)
  await door.open(0, someDoor(pollId))
  const before = someCall({ pollId })
  const accepted = await ask(door, before)
  let gaps = 0
  let heard = 0
  const leave = await feed.subscribe(pollId, { onTally: () => (heard += 1), onGap: () => (gaps += 1) })
  const reading = readUntil(stream, 2)

  await server.kill()
  const startedAt = performance.now()
  await expect(ask(door, someCall({ pollId }))).rejects.toThrow(DependencyUnavailable)
  await expect(redis.cache.getTally(pollId)).rejects.toThrow(DependencyUnavailable)
  await expect(feed.publishTally(someTally({ pollId }))).rejects.toThrow(DependencyUnavailable)
  await expect(feed.subscribe(somePollId(), { onTally: () => {}, onGap: () => {} })).rejects.toThrow(
    DependencyUnavailable,
  )
  // Each at once, and not after the time that a command may take.
  expect(performance.now() - startedAt).toBeLessThan(5_000)

  await server.restart()
  await waitUntil(() => succeeds(() => ask(door, before)))
  expect(await ask(door, before)).toEqual({ ...accepted, isRepeated: true })
  await ask(door, someCall({ pollId }))
  expect(await reading).toHaveLength(2)
  await waitUntil(() => gaps > 0)
  await waitUntil(() => succeeds(() => feed.publishTally(someTally({ pollId }))))
  await waitUntil(() => heard > 0)
  await leave()
})

test('a paused Redis is unavailable within the command timeout, also to a read that waits; then all goes on', async () => {
  await using redis = await startOwnRedis([], null, [], hastyMs)
  const { door, stream, server } = redis
  const pollId = somePollId()
  await stream.raiseEpoch(0, 1)
  await door.open(0, someDoor(pollId))
  const call = someCall({ pollId })
  await ask(door, someCall({ pollId }))

  process.kill(server.pid(), 'SIGSTOP')
  try {
    const startedAt = performance.now()
    await expect(ask(door, call)).rejects.toThrow(DependencyUnavailable)
    expect(performance.now() - startedAt).toBeLessThan(hastyMs + 2_500)
    const reading = stream.read(0, STREAM_START, { entriesMax: 1, waitMs: 100 }, never)
    await expect(reading).rejects.toThrow(DependencyUnavailable)
    expect(performance.now() - startedAt).toBeLessThan(hastyMs + 5_500)
  } finally {
    process.kill(server.pid(), 'SIGCONT')
  }
  // The outcome was unknown. Asking again counts once, whichever it was.
  await waitUntil(() => succeeds(() => ask(door, call)))
  expect((await readVotes(stream, pollId)).filter(({ voter }) => voter === call.voter)).toHaveLength(1)
})

test('a Redis without memory refuses votes whole, reads go on, and votes too once there is room', async () => {
  await using redis = await startOwnRedis()
  const { door, stream, connections } = redis
  const pollId = somePollId()
  await stream.raiseEpoch(0, 1)
  await door.open(0, someDoor(pollId))
  await ask(door, someCall({ pollId }))
  await connections.commands.config('SET', 'maxmemory', '1')

  const calls = Array.from({ length: 50 }, () => someCall({ pollId }))
  await expect(door.append(0, calls)).rejects.toThrow(DependencyUnavailable)
  expect(await readVotes(stream, pollId)).toHaveLength(1)
  for (const { voter } of calls) expect(await door.look(0, pollId, 1, voter)).toBeNull()
  expect(await stream.backlog(0, STREAM_START)).toMatchObject({ votes: 1 })

  await connections.commands.config('SET', 'maxmemory', '0')
  const answers = await door.append(0, calls)
  expect(answers.every((answer) => answer.answer === 'accepted' && !answer.isRepeated)).toBe(true)
})

test('a replica that was meant to be a primary is unavailable for votes', async () => {
  await using redis = await startOwnRedis()
  const pollId = somePollId()
  await redis.stream.raiseEpoch(0, 1)
  await redis.door.open(0, someDoor(pollId))
  await redis.connections.publisher.replicaof('127.0.0.1', '1')
  await expect(ask(redis.door, someCall({ pollId }))).rejects.toThrow(DependencyUnavailable)
  await redis.connections.publisher.replicaof('NO', 'ONE')
  await waitUntil(() => succeeds(() => ask(redis.door, someCall({ pollId }))))
})

test('a Redis that is not there is told as unavailable, with its address and the cause', async () => {
  const listener = createServer().listen(0, '127.0.0.1')
  await once(listener, 'listening')
  // The cast: a server that listens on a port has an address of this form.
  const { port } = listener.address() as AddressInfo
  listener.close()
  await once(listener, 'close')
  const connections = connectRedis({ url: `redis://127.0.0.1:${port}`, onError: () => undefined })
  try {
    await expect(connections.ready(2_500)).rejects.toMatchObject({
      name: 'DependencyUnavailable',
      message: `Redis at 127.0.0.1:${port} did not serve within 2500 ms`,
      cause: { code: 'ECONNREFUSED' },
    })
  } finally {
    connections.stop()
  }
})

test('connections that died without a word are noticed and made anew', async () => {
  await using redis = await startOwnRedis()
  const proxy = await startTcpProxy('127.0.0.1', redis.server.port)
  const connections = connectRedis({
    url: `redis://127.0.0.1:${proxy.port}`,
    commandTimeoutMs: hastyMs,
    onError: () => undefined,
  })
  await connections.ready()
  const feed = createTallyFeed(connections, redis.keys, () => undefined)
  const door = createVoteDoor(connections.commands, redis.keys)
  const pollId = somePollId()
  let gaps = 0
  const leave = await feed.subscribe(pollId, { onTally: () => {}, onGap: () => (gaps += 1) })

  proxy.mute()
  expect(await succeeds(() => door.now())).toBe(false)
  proxy.unmute()
  await waitUntil(() => succeeds(() => door.now()))
  // Nobody asks anything of a quiet subscription, so only its own heartbeat can tell.
  await waitUntil(() => gaps > 0, { withinMs: 12_000 })
  await leave()
  feed.stop()
  connections.stop()
  await proxy.stop()
})

test('where replicas are asked for, a vote is accepted only when enough of them have it', async () => {
  await using primary = await startOwnRedis(['--repl-diskless-sync-delay', '0'], { replicasMin: 1, waitMs: 200 })
  const { door, stream, server } = primary
  const pollId = somePollId()
  await stream.raiseEpoch(0, 1)
  await door.open(0, someDoor(pollId))
  const call = someCall({ pollId })
  await expect(ask(door, call)).rejects.toThrow('0 of 1 replicas')
  // A repetition wrote nothing new, and still must not be called safe.
  await expect(ask(door, call)).rejects.toThrow(DependencyUnavailable)

  await using replica = await startOwnRedis(['--replicaof', `127.0.0.1 ${server.port}`])
  const answers: DoorAnswer[] = []
  await waitUntil(() => succeeds(async () => answers.push(await ask(door, call))), { withinMs: 15_000 })
  expect(answers).toMatchObject([{ answer: 'accepted', isRepeated: true }])
  expect(await readVotes(replica.stream, pollId)).toHaveLength(1)
})

/** Reads as a worker does, on and on, until so many entries came. */
async function readUntil(stream: VoteStream, count: number): Promise<readonly EntryId[]> {
  const ids: EntryId[] = []
  await waitUntil(
    async () => {
      await succeeds(async () => {
        const entries = await stream.read(0, ids.at(-1) ?? STREAM_START, { entriesMax: 10, waitMs: 5_000 }, never)
        ids.push(...entries.map(({ id }) => id))
      })
      return ids.length >= count
    },
    { withinMs: 15_000 },
  )
  return ids
}
