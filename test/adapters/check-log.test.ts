import { type AddressInfo, createServer, type Socket } from 'node:net'
import { Pool } from 'pg'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createPartitionLease } from '../../src/adapters/postgres/partition-lease.ts'
import { createPollStore } from '../../src/adapters/postgres/poll-store.ts'
import { createCheckedAppend } from '../../src/application/cast-vote/check-log.ts'
import { DependencyUnavailable } from '../../src/ports/unavailable.ts'
import type { PartitionLease } from '../../src/ports/partition-lease.ts'
import { startOwnRedis } from '../support/own-redis.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { someCall, someDoor } from '../support/some-calls.ts'
import { somePoll } from '../support/some-poll.ts'
import { waitUntil } from '../support/wait-until.ts'
import { startWorker } from '../support/worker.ts'

let database: TestDatabase
let redis: Awaited<ReturnType<typeof startOwnRedis>>
let lease: PartitionLease
const faults: unknown[] = []
beforeEach(async () => {
  database = await createTestDatabase()
  redis = await startOwnRedis()
  lease = createPartitionLease(database.pool)
  faults.splice(0)
})
afterEach(async () => {
  await redis[Symbol.asyncDispose]()
  await database.drop()
})

const work = () => startWorker(database.pool, redis, { name: 'ann', partitions: [0] })

/** A poll in which one vote is recorded, and a process that votes in it. `read`: how it hears of the checkpoint. */
const voteAndRecord = async (read: PartitionLease['read'] = async (partition) => lease.read(partition)) => {
  const append = createCheckedAppend({ ...redis, lease: { read } }, (fault) => faults.push(fault))
  const { id: pollId, round, revision } = await createPoll()
  const vote = async (): Promise<string | undefined> =>
    (await append(0, [someCall({ pollId, round, revision, selection: [1] })]))[0]?.answer
  expect(await vote()).toBe('accepted')
  const worker = work()
  await waitUntil(async () => (await database.pool.query('select from vote')).rowCount === 1, { withinMs: 10_000 })
  await worker.stop()
  return vote
}

const createPoll = async () => {
  const poll = somePoll({ closesAt: null })
  await createPollStore(database.pool).create(poll)
  await redis.stream.raiseEpoch(0, 1)
  await redis.door.open(0, someDoor(poll.id))
  return poll
}

/** Nothing else happens in this process meanwhile; what was due by then comes before what has arrived. */
const standStill = async (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(() => {
      const until = performance.now() + ms
      while (performance.now() < until) continue
      resolve()
    })
  })

const restart = async (): Promise<void> => {
  await redis.server.kill()
  await redis.server.restart()
  await waitUntil(() => redis.connections.commands.status === 'ready')
}

test('after an interruption nobody is let in while the log ends before what is recorded, until its owner begins a new epoch', async () => {
  const vote = await voteAndRecord()
  const { recorded } = await lease.read(0)
  await redis.connections.commands.xdel(redis.keys.stream(0), recorded)
  expect(await vote()).toBe('accepted')
  const before = await redis.stream.inspect(0, recorded)

  await restart()
  await expect(vote()).rejects.toThrow(DependencyUnavailable)
  await expect(vote()).rejects.toThrow(DependencyUnavailable)
  expect(await redis.stream.inspect(0, recorded)).toEqual(before)

  const worker = work()
  const isDoorMissing = async (): Promise<boolean> => (await vote().catch(() => null)) === 'door_missing'
  await waitUntil(isDoorMissing, { withinMs: 10_000, what: 'the door of the old epoch is missing' })
  expect((await lease.read(0)).epoch).toBe(2)
  await worker.stop()
})

test('what the ledger answers while the process stands still is heard, though by then it has waited for too long', async () => {
  let isSlow = false
  const asked = Promise.withResolvers<void>()
  const vote = await voteAndRecord(async (partition) => {
    const checkpoint = await lease.read(partition)
    if (isSlow) {
      const rest = database.pool.query('select pg_sleep(0.15)')
      asked.resolve()
      await rest
    }
    return checkpoint
  })
  await redis.connections.commands.xdel(redis.keys.stream(0), (await lease.read(0)).recorded)
  await restart()
  isSlow = true
  const voting = vote()
  await asked.promise
  await standStill(2_500)
  await expect(voting).rejects.toThrow(DependencyUnavailable)
})

test('after an interruption that left the log whole votes go on at once', async () => {
  const vote = await voteAndRecord()
  await restart()
  expect(await vote()).toBe('accepted')
  expect(faults).toEqual([])
})

test('while the ledger is away nobody can compare, and votes go on', async () => {
  const { id: pollId, round, revision } = await createPoll()
  const pool = new Pool({ host: '127.0.0.1', port: 1 })
  const append = createCheckedAppend({ ...redis, lease: createPartitionLease(pool) }, (fault) => faults.push(fault))
  const call = someCall({ pollId, round, revision, selection: [1] })
  expect((await append(0, [call]))[0]).toMatchObject({ answer: 'accepted' })
  expect(faults).toEqual([expect.any(DependencyUnavailable)])
  await pool.end()
})

test('while the ledger is silent only the first batch waits for it, and what it says later counts', async () => {
  const { id: pollId, round, revision } = await createPoll()
  const sockets: Socket[] = []
  const silent = createServer((socket) => sockets.push(socket))
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  // A server that listens on an address has one of this form.
  const { port } = silent.address() as AddressInfo
  const pool = new Pool({ host: '127.0.0.1', port, max: 100 })
  const silentLease = createPartitionLease(pool)
  let isSilent = true
  const read: PartitionLease['read'] = (partition) => (isSilent ? silentLease : lease).read(partition)
  const append = createCheckedAppend({ ...redis, lease: { read } }, () => undefined)
  const vote = () => append(0, [someCall({ pollId, round, revision, selection: [1] })])
  try {
    await vote()
    const begun = performance.now()
    const waits: number[] = []
    // Several times as long as a look that told nothing is believed: if votes waited for each, five of these would.
    while (performance.now() - begun < 7_500) {
      const sentAt = performance.now()
      await vote()
      waits.push(performance.now() - sentAt)
    }
    // One or the other may wait for the machine.
    expect(waits.filter((ms) => ms >= 400).length).toBeLessThanOrEqual(2)

    isSilent = false
    const checkpoint = await lease.acquire(0, 'ann', 60_000)
    await lease.raiseEpoch(checkpoint!, 'ann')
    await waitUntil(async () => (await vote())[0]?.answer === 'door_missing', { withinMs: 10_000 })
  } finally {
    for (const socket of sockets) socket.destroy()
    silent.close()
    await pool.end()
  }
}, 30_000)
