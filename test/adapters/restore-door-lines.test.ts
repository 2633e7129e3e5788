import { afterAll, beforeAll, expect, test } from 'vitest'
import { createPartitionLease } from '../../src/adapters/postgres/partition-lease.ts'
import { createPollStore } from '../../src/adapters/postgres/poll-store.ts'
import { createVoteLedger } from '../../src/adapters/postgres/vote-ledger.ts'
import { createRestoreDoor } from '../../src/application/cast-vote/restore-door.ts'
import type { Poll } from '../../src/domain/poll.ts'
import { startOwnRedis } from '../support/own-redis.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { ask, someCall, someDoor, somePollId } from '../support/some-calls.ts'
import { somePoll } from '../support/some-poll.ts'
import { waitUntil } from '../support/wait-until.ts'
import { startWorker } from '../support/worker.ts'

// More than are restored at once.
const POLLS = 100

let database: TestDatabase
let redis: Awaited<ReturnType<typeof startOwnRedis>>
let stopping: AbortController
beforeAll(async () => {
  database = await createTestDatabase()
  redis = await startOwnRedis()
  stopping = new AbortController()
})
afterAll(async () => {
  await redis[Symbol.asyncDispose]()
  await database.drop()
})

const createRestore = () =>
  createRestoreDoor({
    restoration: redis.restoration,
    door: redis.door,
    ledger: createVoteLedger(database.pool),
    lease: createPartitionLease(database.pool),
    polls: createPollStore(database.pool),
    signal: stopping.signal,
  })

const createPolls = async (count: number): Promise<readonly Poll[]> => {
  const store = createPollStore(database.pool)
  const polls = Array.from({ length: count }, () => somePoll({ closesAt: null }))
  for (const poll of polls) await store.create(poll)
  return polls
}

/** An entry that nobody records as long as no worker owns the partition. */
const appendOne = async (partition: number): Promise<void> => {
  const pollId = somePollId()
  await redis.door.open(partition, someDoor(pollId))
  await ask(redis.door, someCall({ pollId }), partition)
}

test('the doors of a partition come back although another one is not being recorded, however many doors wait there', async () => {
  for (const partition of [0, 1]) await redis.stream.raiseEpoch(partition, 1)
  await appendOne(0)
  const polls = await createPolls(POLLS)
  const doors = createRestore()
  const stuck = polls.map(({ id }) => doors.restore(0, id))
  const begun = performance.now()
  expect(await doors.restore(1, polls[0]!.id)).toBe('restored')
  // Half the time after which a door that waits gives up its place.
  expect(performance.now() - begun).toBeLessThan(15_000)
  stopping.abort()
  expect(new Set(await Promise.all(stuck))).toEqual(new Set(['not_yet']))
  stopping = new AbortController()
}, 60_000)

test('a missing door comes back where the ledger was restored from a backup of an earlier epoch', async () => {
  const partition = 2
  await redis.stream.raiseEpoch(partition, 3)
  await appendOne(partition)
  const [poll] = await createPolls(1)
  const worker = startWorker(database.pool, redis, { name: 'ann', partitions: [partition] })
  try {
    await waitUntil(async () => (await createRestore().restore(partition, poll!.id)) === 'restored', {
      withinMs: 40_000,
    })
    expect((await createPartitionLease(database.pool).read(partition)).epoch).toBe(4)
  } finally {
    await worker.stop()
  }
}, 60_000)

test('a stream that hears of a higher epoch than its owner knows is overtaken by the checkpoint, and missing doors come back', async () => {
  const partition = 3
  await redis.stream.raiseEpoch(partition, 1)
  await appendOne(partition)
  const [poll] = await createPolls(1)
  const lease = createPartitionLease(database.pool)
  const worker = startWorker(database.pool, redis, { name: 'ann', partitions: [partition] })
  try {
    await waitUntil(async () => (await lease.read(partition)).recorded !== '0-0', { withinMs: 20_000 })
    // The word of a former owner, which was long on its way.
    await redis.stream.raiseEpoch(partition, 7)
    await waitUntil(async () => (await lease.read(partition)).epoch === 8, { withinMs: 20_000 })
    await waitUntil(async () => (await createRestore().restore(partition, poll!.id)) === 'restored', {
      withinMs: 20_000,
    })
  } finally {
    await worker.stop()
  }
}, 60_000)
