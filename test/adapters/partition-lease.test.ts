import { afterAll, beforeAll, expect, test } from 'vitest'
import { createPartitionLease } from '../../src/adapters/postgres/partition-lease.ts'
import { createVoteLedger } from '../../src/adapters/postgres/vote-ledger.ts'
import type { PartitionLease } from '../../src/ports/partition-lease.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { waitUntil } from '../support/wait-until.ts'

const longMs = 60_000
const shortMs = 1
const start = { epoch: 1, recorded: '0-0' } as const

let database: TestDatabase
let lease: PartitionLease
let partition = 0

beforeAll(async () => {
  database = await createTestDatabase()
  lease = createPartitionLease(database.pool)
})
afterAll(() => database.drop())

/** Each test has a partition to itself. */
const nextPartition = (): number => (partition += 1)

test('acquiring takes a partition that nobody knows, at the start of its stream', async () => {
  const mine = nextPartition()
  expect(await lease.acquire(mine, 'ann', longMs)).toEqual({ partition: mine, ...start })
})

test("acquiring is null while another owner's lease runs", async () => {
  const mine = nextPartition()
  await lease.acquire(mine, 'ann', longMs)
  expect(await lease.acquire(mine, 'ben', longMs)).toBeNull()
})

test('acquiring takes over what another owner let expire', async () => {
  const mine = nextPartition()
  await lease.acquire(mine, 'ann', shortMs)
  await waitUntil(async () => (await lease.acquire(mine, 'ben', longMs)) !== null)
  expect(await lease.acquire(mine, 'ann', longMs)).toBeNull()
})

test.each(['acquire', 'renew'] as const)('an owner keeps what is its own: %s', async (way) => {
  const mine = nextPartition()
  await lease.acquire(mine, 'ann', shortMs)
  expect(await lease[way](mine, 'ann', longMs)).toEqual({ partition: mine, ...start })
  expect(await lease.acquire(mine, 'ben', longMs)).toBeNull()
})

test('renewing is null for an owner whose partition anybody else has had, though nobody holds it now', async () => {
  const mine = nextPartition()
  await lease.acquire(mine, 'ann', shortMs)
  await waitUntil(async () => (await lease.acquire(mine, 'ben', shortMs)) !== null)
  await waitUntil(async () => !(await lease.owners()).has(mine))
  expect(await lease.renew(mine, 'ann', longMs)).toBeNull()
  await lease.release(mine, 'ben')
  expect(await lease.renew(mine, 'ann', longMs)).toBeNull()
  expect(await lease.acquire(mine, 'ann', longMs)).toEqual({ partition: mine, ...start })
})

test('renewing takes nothing that nobody has, and hands out the checkpoint as it is', async () => {
  const mine = nextPartition()
  expect(await lease.renew(mine, 'ann', longMs)).toBeNull()
  const from = await lease.acquire(mine, 'ann', longMs)
  if (from === null) throw new Error('not acquired')
  const raised = await lease.raiseEpoch(from, 'ann')
  expect(await lease.renew(mine, 'ann', longMs)).toEqual(raised)
})

test('of many who ask for a partition at once, exactly one gets it', async () => {
  for (const state of ['unknown', 'released', 'expired']) {
    const mine = nextPartition()
    if (state !== 'unknown') await lease.acquire(mine, 'ann', shortMs)
    if (state === 'released') await lease.release(mine, 'ann')
    await waitUntil(async () => !(await lease.owners()).has(mine))
    const names = Array.from({ length: 16 }, (_, index) => `owner ${index}`)
    const answers = await Promise.all(names.map((name) => lease.acquire(mine, name, longMs)))
    expect(answers.filter((answer) => answer !== null)).toHaveLength(1)
    const winner = names[answers.findIndex((answer) => answer !== null)]
    expect((await lease.owners()).get(mine)).toBe(winner)
  }
})

test('acquiring hands out the checkpoint that the last commit left', async () => {
  const mine = nextPartition()
  const from = await lease.acquire(mine, 'ann', longMs)
  if (from === null) throw new Error('not acquired')
  const nothing = { votes: [], markers: [], setAside: [], announcedUntil: 0 }
  await createVoteLedger(database.pool).record({ owner: 'ann', from, to: '7-1', ...nothing })
  await lease.release(mine, 'ann')
  expect(await lease.acquire(mine, 'ben', longMs)).toEqual({ partition: mine, epoch: 1, recorded: '7-1' })
})

test('releasing gives the partition back at once', async () => {
  const mine = nextPartition()
  await lease.acquire(mine, 'ann', longMs)
  await lease.release(mine, 'ann')
  expect(await lease.acquire(mine, 'ben', longMs)).not.toBeNull()
})

test('releasing is a no-op for anybody but the owner', async () => {
  const mine = nextPartition()
  await lease.acquire(mine, 'ann', longMs)
  await lease.release(mine, 'ben')
  expect(await lease.acquire(mine, 'ben', longMs)).toBeNull()
})

test("raising the epoch begins the next one, at the stream's first entry", async () => {
  const mine = nextPartition()
  const from = await lease.acquire(mine, 'ann', longMs)
  if (from === null) throw new Error('not acquired')
  const nothing = { votes: [], markers: [], setAside: [], announcedUntil: 0 }
  await createVoteLedger(database.pool).record({ owner: 'ann', from, to: '7-1', ...nothing })
  const raised = { partition: mine, epoch: 2, recorded: '0-0' } as const
  expect(await lease.raiseEpoch({ ...from, recorded: '7-1' }, 'ann')).toEqual(raised)
  expect(await lease.read(mine)).toEqual(raised)
})

test('raising the epoch begins the next one, or the least that is asked for where that is higher', async () => {
  const mine = nextPartition()
  const from = await lease.acquire(mine, 'ann', longMs)
  if (from === null) throw new Error('not acquired')
  const third = await lease.raiseEpoch(from, 'ann', 3)
  expect(third).toEqual({ ...from, epoch: 3 })
  expect(await lease.raiseEpoch(third ?? from, 'ann', 2)).toEqual({ ...from, epoch: 4 })
})

test('raising the epoch is null when owner or checkpoint no longer match', async () => {
  const mine = nextPartition()
  const checkpoint = await lease.acquire(mine, 'ann', longMs)
  if (checkpoint === null) throw new Error('not acquired')
  expect(await lease.raiseEpoch(checkpoint, 'ben')).toBeNull()
  expect(await lease.raiseEpoch({ ...checkpoint, recorded: '5-0' }, 'ann')).toBeNull()
  expect(await lease.raiseEpoch({ ...checkpoint, epoch: 3 }, 'ann')).toBeNull()
  expect(await lease.read(mine)).toEqual({ partition: mine, ...start })
})

test('reading shows the checkpoint as it is to whoever does not own the partition', async () => {
  const mine = nextPartition()
  expect(await lease.read(mine)).toEqual({ partition: mine, ...start })
  await lease.acquire(mine, 'ann', longMs)
  expect(await lease.read(mine)).toEqual({ partition: mine, ...start })
})

test('reading takes no partition that nobody owns', async () => {
  const mine = nextPartition()
  await lease.read(mine)
  expect((await lease.owners()).has(mine)).toBe(false)
})

test('owners are the live ones by partition; expired and released ones are left out', async () => {
  const [live, expired, released] = [nextPartition(), nextPartition(), nextPartition()]
  await lease.acquire(live, 'ann', longMs)
  await lease.acquire(expired, 'ben', shortMs)
  await lease.acquire(released, 'cem', longMs)
  await lease.release(released, 'cem')
  await waitUntil(async () => !(await lease.owners()).has(expired))
  const owners = await lease.owners()
  expect(owners.get(live)).toBe('ann')
  expect(owners.has(released)).toBe(false)
})

test('workers that are there are counted; one that leaves or falls silent is not', async () => {
  expect(await lease.present('ben', longMs)).toEqual({ workers: 1, before: 0 })
  expect(await lease.present('ann', longMs)).toEqual({ workers: 2, before: 0 })
  expect(await lease.present('ben', longMs)).toEqual({ workers: 2, before: 1 })
  expect(await lease.present('cem', shortMs)).toEqual({ workers: 3, before: 2 })
  await waitUntil(async () => (await lease.present('ann', longMs)).workers === 2)
  expect((await lease.present('ben', 0)).workers).toBe(1)
  expect(await lease.present('ann', longMs)).toEqual({ workers: 1, before: 0 })
})

test('all partitions that were ever acquired are known', async () => {
  const [held, released] = [nextPartition(), nextPartition()]
  await lease.acquire(held, 'ann', longMs)
  await lease.acquire(released, 'ann', longMs)
  await lease.release(released, 'ann')
  expect(await lease.partitions()).toEqual(expect.arrayContaining([held, released]))
})
