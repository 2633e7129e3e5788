import { expect, test } from 'vitest'
import { STREAM_START } from '../../src/domain/position.ts'
import { createTestDatabase } from '../support/postgres.ts'
import { startOwnRedis } from '../support/own-redis.ts'
import { ask, readEntries, someCall, someDoor, somePollId } from '../support/some-calls.ts'
import { waitUntil } from '../support/wait-until.ts'
import { startWorker } from '../support/worker.ts'

test('an epoch that alone was lost is told again by the owner of the partition, though nobody votes', async () => {
  await using redis = await startOwnRedis()
  const { connections, keys, door, stream } = redis
  const database = await createTestDatabase()
  const worker = startWorker(database.pool, redis, { name: 'ann', partitions: [0] })
  try {
    await waitUntil(async () => (await connections.commands.get(keys.epoch(0))) === '1')
    const pollId = somePollId()
    await door.open(0, someDoor(pollId))
    // The owner tells it again now and then, so also before anybody has missed it.
    await waitUntil(async () => {
      await connections.commands.del(keys.epoch(0))
      return (await ask(door, someCall({ pollId }))).answer === 'door_missing'
    })

    await waitUntil(async () => (await connections.commands.get(keys.epoch(0))) === '1', { withinMs: 10_000 })
    expect(await ask(door, someCall({ pollId }))).toMatchObject({ answer: 'accepted' })
    expect((await stream.inspect(0, STREAM_START)).end).not.toBe(STREAM_START)
  } finally {
    await worker.stop()
    await database.drop()
  }
})

test('a door whose voters alone are gone is missing, open or shut, and comes back with all of them', async () => {
  await using redis = await startOwnRedis()
  const { connections, keys, door, stream, restoration } = redis
  const pollId = somePollId()
  await stream.raiseEpoch(0, 1)
  await door.open(0, someDoor(pollId))
  const call = someCall({ pollId })
  const accepted = await ask(door, call)
  if (accepted.answer !== 'accepted') throw new Error('the first vote is accepted')

  await connections.commands.del(keys.voters(0, pollId))
  expect(await ask(door, { ...call, selection: [2] })).toEqual({ answer: 'door_missing' })
  expect(await door.look(0, pollId, 1, call.voter)).toBe('door_missing')
  expect(await readEntries(stream, 0)).toHaveLength(1)

  const begun = await restoration.begin(0, pollId, 1)
  if (begun === null) throw new Error('not permitted')
  const { voter, selection } = call
  await restoration.putVoters(begun, 1, [{ voter, selection, position: accepted.position }])
  expect(await restoration.finish(begun, someDoor(pollId), 1)).toBe(true)
  expect(await ask(door, { ...call, selection: [2] })).toEqual({ answer: 'already_voted' })

  await door.shut(0, pollId, 1, false)
  await connections.commands.del(keys.voters(0, pollId))
  expect(await ask(door, { ...call, requestKey: '0123456789abcdef' })).toEqual({ answer: 'door_missing' })
})
