import { expect, test } from 'vitest'
import { STREAM_START } from '../../src/domain/position.ts'
import { createTestDatabase } from '../support/postgres.ts'
import { startOwnRedis } from '../support/own-redis.ts'
import { ask, someCall, someDoor, somePollId } from '../support/some-calls.ts'
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
    await connections.commands.del(keys.epoch(0))
    expect(await ask(door, someCall({ pollId }))).toEqual({ answer: 'door_missing' })

    await waitUntil(async () => (await connections.commands.get(keys.epoch(0))) === '1', { withinMs: 10_000 })
    expect(await ask(door, someCall({ pollId }))).toMatchObject({ answer: 'accepted' })
    expect((await stream.inspect(0, STREAM_START)).end).not.toBe(STREAM_START)
  } finally {
    await worker.stop()
    await database.drop()
  }
})
