import { afterAll, beforeAll, expect, test } from 'vitest'
import { connectRedis, type RedisConnections } from '../../src/adapters/redis/connect.ts'
import { createKeys } from '../../src/adapters/redis/keys.ts'
import { createTallyFeed } from '../../src/adapters/redis/tally-feed.ts'
import { createVoteDoor } from '../../src/adapters/redis/vote-door.ts'
import { createVoteStream } from '../../src/adapters/redis/vote-stream.ts'
import { compareEntryIds, hasPosition, STREAM_START } from '../../src/domain/position.ts'
import { patientMs } from '../support/adapters-redis.ts'
import { shareTestRedis } from '../support/redis.ts'
import { ask, readEntries, readVotes, someCall, someDoor, somePollId } from '../support/some-calls.ts'
import { someTally } from '../support/some-tally.ts'
import { waitUntil } from '../support/wait-until.ts'

const { redisUrl, prefix } = shareTestRedis()
const keys = createKeys(prefix)
let connections: RedisConnections
let stream: ReturnType<typeof createVoteStream>
beforeAll(async () => {
  connections = connectRedis({ url: redisUrl, commandTimeoutMs: patientMs })
  await connections.ready()
  stream = createVoteStream(connections, keys)
})
afterAll(() => {
  stream.stop()
  connections.stop()
})

test('the keys have the names that operators know, and all of a partition share its hash tag', () => {
  const { stream: streamKey, door, voters, tally, definition, pollUpdates, pollChanges } = createKeys()
  expect([streamKey(3), door(3, 'abc'), voters(3, 'abc')]).toEqual([
    'vote_events:{3}',
    'door:{3}:abc',
    'voters:{3}:abc',
  ])
  expect([tally('abc'), definition('abc')]).toEqual(['tally:{abc}', 'definition:{abc}'])
  expect([pollUpdates('abc'), pollChanges]).toEqual(['poll_updates:{abc}', 'poll_changes'])
  expect(
    [keys.epoch(3), keys.voteCount(3), keys.recordedCount(3), keys.restoring(3, 'abc')].every((key) =>
      key.includes('{3}'),
    ),
  ).toBe(true)
})

test('an entry of a newer format waits for a newer worker; one that nobody can read is content too', async () => {
  const add = (...fields: readonly string[]) => connections.commands.call('XADD', keys.stream(1), '*', ...fields)
  await add('f', '2', 'e', '4', 'v', 'whatever')
  await add('f', '1', 'e', '4', 'v', 'whatever')
  await add('hello', 'world')
  await add('f', '1', 'e', '-1', 'v', '')
  const entries = await readEntries(stream, 1)
  expect(entries.map(({ content }) => content.type)).toEqual(['newer', 'unreadable', 'unreadable', 'unreadable'])
  expect(entries.map(({ epoch }) => epoch)).toEqual([4, 4, 0, 0])
  expect(await stream.backlog(1, STREAM_START)).toMatchObject({ votes: 0, newerFormat: 2 })
  expect(await stream.backlog(1, entries[0]?.id ?? STREAM_START)).toMatchObject({ newerFormat: null })
})

test('an entry whose id lies beyond every position can be read, and what stands behind it', async () => {
  const add = (id: string) => connections.commands.call('XADD', keys.stream(3), id, 'f', '1', 'e', '1', 'v', 'whatever')
  const far = ['9007199254740993-1', '18446744073709551615-18446744073709551615']
  for (const id of ['5-0', ...far]) await add(id)
  const entries = await readEntries(stream, 3)
  expect(entries.map(({ id }) => id)).toEqual(['5-0', ...far])
  expect(entries.map(({ id }) => hasPosition(id))).toEqual([true, false, false])
  const { end } = await stream.inspect(3, '5-0')
  expect(compareEntryIds(end, '9007199254740993-1')).toBeGreaterThan(0)
  await stream.trim(3, end, 0)
})

test('behind an entry that a clock named which has been set back since, the next one has the next id', async () => {
  const door = createVoteDoor(connections.commands, keys)
  const pollId = somePollId()
  await stream.raiseEpoch(4, 1)
  await door.open(4, someDoor(pollId))
  const later = (await door.now()) + 3_600_000
  await connections.commands.call('XADD', keys.stream(4), `${later}-7`, 'f', '1', 'e', '1', 'v', 'whatever')
  for (let n = 0; n < 2; n += 1) await ask(door, someCall({ pollId }), 4)
  await door.shut(4, pollId, 1, false)
  const ids = (await readEntries(stream, 4)).map(({ id }) => id)
  expect(ids).toEqual([7, 8, 9, 10].map((minor) => `${later}-${minor}`))
})

test('follow shows stock tools how far the ledger is, in the consumer group poll_workers', async () => {
  const door = createVoteDoor(connections.commands, keys)
  const pollId = somePollId()
  await stream.raiseEpoch(2, 1)
  await stream.follow(2, STREAM_START)
  await door.open(2, someDoor(pollId))
  for (let n = 0; n < 3; n += 1) await ask(door, someCall({ pollId }), 2)
  const [, second] = await readEntries(stream, 2)
  await stream.follow(2, second?.id ?? STREAM_START)
  const [group] = (await connections.commands.xinfo('GROUPS', keys.stream(2))) as readonly (readonly unknown[])[] // as documented
  expect(group?.slice(0, 2)).toEqual(['name', 'poll_workers'])
  expect(group?.[group.indexOf('last-delivered-id') + 1]).toBe(second?.id)
})

test('news that nobody can read is reported and harms nobody', async () => {
  const faults: unknown[] = []
  const feed = createTallyFeed(connections, keys, (fault) => faults.push(fault))
  const pollId = somePollId()
  let heard = 0
  const leave = await feed.subscribe(pollId, { onTally: () => (heard += 1), onGap: () => {} })
  await connections.publisher.publish(keys.pollUpdates(pollId), '{"half')
  await feed.publishTally(someTally({ pollId }))
  await waitUntil(() => heard === 1)
  expect(faults).toHaveLength(1)
  await leave()
  feed.stop()
})

test('every key of a batch is declared to Redis: no script reaches for one that it was not given', async () => {
  // In a cluster an undeclared key is an error; here the names that the server saw must be those of the keys.
  const door = createVoteDoor(connections.commands, keys)
  const polls = [somePollId(), somePollId()]
  await stream.raiseEpoch(5, 1)
  for (const pollId of polls) await door.open(5, someDoor(pollId))
  await door.append(
    5,
    polls.map((pollId) => someCall({ pollId })),
  )
  const found = await connections.commands.keys(`${prefix}*{5}*`)
  const expected = polls.flatMap((pollId) => [keys.door(5, pollId), keys.voters(5, pollId)])
  expect(found.toSorted()).toEqual(
    [keys.epoch(5), keys.stream(5), keys.voteCount(5), keys.recordedCount(5), ...expected].toSorted(),
  )
  expect(await readVotes(stream, polls[0] ?? '', 5)).toHaveLength(1)
})
