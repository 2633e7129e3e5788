import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createReplicaSnapshots } from '../../src/adapters/postgres/poll-snapshots-of-replica.ts'
import { createPollSnapshots } from '../../src/adapters/postgres/poll-snapshots.ts'
import { createPollStore } from '../../src/adapters/postgres/poll-store.ts'
import type { Poll } from '../../src/domain/poll.ts'
import type { PollSnapshots, StandingVote } from '../../src/ports/poll-snapshots.ts'
import { isUnavailable } from '../../src/ports/unavailable.ts'
import { sleep } from '../../src/runtime/stop-signal.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { somePoll } from '../support/some-poll.ts'
import { createLedgerOwner, emptyLedger, type LedgerOwner, voteAt, voterNumber } from '../support/some-votes.ts'
import { lockVotes } from '../support/lock-votes.ts'
import { startTcpProxy } from '../support/tcp-proxy.ts'
import { waitUntil } from '../support/wait-until.ts'

const pageSize = 3
const nothingShown = { revision: 0, version: 0 }

let database: TestDatabase
let pool: pg.Pool
let snapshots: PollSnapshots
let owner: LedgerOwner
let poll: Poll
let entry = 0

beforeAll(async () => {
  database = await createTestDatabase()
  pool = new pg.Pool({ connectionString: database.databaseUrl, max: 2 })
  // A connection whose work has failed may still be ending when the database is dropped.
  pool.on('error', () => undefined)
  snapshots = createPollSnapshots(pool, pageSize)
})
afterAll(async () => {
  await pool.end()
  await database.drop()
})
beforeEach(async () => {
  await emptyLedger(database.pool)
  owner = await createLedgerOwner(database.pool, 0)
  entry = 0
  poll = somePoll()
  await createPollStore(database.pool).create(poll)
})

/** The votes of these voters for these options, in the order given. */
async function record(votes: readonly (readonly [voter: number, ...optionIds: number[]])[], round = 1): Promise<void> {
  for (const [voter, ...selection] of votes) {
    entry += 1
    const kind = selection.length === 0 ? 'retract' : 'change'
    const vote = voteAt(entry, { pollId: poll.id, round, voter: voterNumber(voter), kind, selection })
    await owner.record(entry, { votes: [vote] })
  }
}

async function collect(pages: AsyncIterable<readonly StandingVote[]>): Promise<readonly (readonly StandingVote[])[]> {
  const collected: (readonly StandingVote[])[] = []
  for await (const page of pages) collected.push(page)
  return collected
}

const readAll = async (pollId: string) =>
  snapshots.read(
    pollId,
    nothingShown,
    async (snapshot) => snapshot && { ...snapshot, pages: await collect(snapshot.votes) },
  )

describe('a snapshot of a poll', () => {
  test('has the votes that stand, each once', async () => {
    await record([[7, 1], [2, 2], [9, 3], [4, 1], [2, 1], [9], [3, 3], [8, 2]])
    const snapshot = await readAll(poll.id)
    expect(snapshot?.poll).toEqual(poll)
    expect(snapshot?.pages.map((page) => page.length)).toEqual([3, 2])
    expect(new Set(snapshot?.pages.flat())).toEqual(
      new Set([
        { voter: voterNumber(2), selection: [1] },
        { voter: voterNumber(3), selection: [3] },
        { voter: voterNumber(4), selection: [1] },
        { voter: voterNumber(7), selection: [1] },
        { voter: voterNumber(8), selection: [2] },
      ]),
    )
    expect([snapshot?.tally.counts, snapshot?.tally.totalVotes]).toEqual([[3, 1, 1], 5])
  })

  test('has its votes in an order of its own: not that of their coming, and not that of another round with the same voters', async () => {
    const voters = Array.from({ length: 40 }, (_, number) => number + 1)
    const orderNow = async () => (await readAll(poll.id))?.pages.flat().map(({ voter }) => voter)
    await record(voters.map((voter) => [voter, 1]))
    const first = await orderNow()
    const asTheyCame = voters.map((voter) => voterNumber(voter))
    expect(new Set(first)).toEqual(new Set(asTheyCame))
    expect(first).not.toEqual(asTheyCame)
    await createPollStore(database.pool).save({ ...poll, round: 2, revision: 2 }, 1)
    await record(
      voters.map((voter) => [voter, 2]),
      2,
    )
    const second = await orderNow()
    expect(new Set(second)).toEqual(new Set(first))
    expect(second).not.toEqual(first)
  })

  test('has the votes of the current round alone', async () => {
    await record([[1, 1]])
    await createPollStore(database.pool).save({ ...poll, round: 2, revision: 2 }, 1)
    await record([[5, 2]], 2)
    const snapshot = await readAll(poll.id)
    expect(snapshot?.pages.flat()).toEqual([{ voter: voterNumber(5), selection: [2] }])
    expect([snapshot?.tally.round, snapshot?.tally.totalVotes]).toEqual([2, 1])
  })

  test('has the votes of a round in the order of their voter keys too, of whatever round, and those alone that stand', async () => {
    await record([[7, 1], [2, 2], [9, 3], [4, 1], [3, 3], [8], [12, 2]])
    await createPollStore(database.pool).save({ ...poll, round: 2, revision: 2 }, 1)
    await record([[5, 2]], 2)
    await snapshots.read(poll.id, nothingShown, async (snapshot) => {
      const votersOf = async (round: number) =>
        (await collect(snapshot!.votesByVoter(round))).map((page) => page.map(({ voter }) => voter)) // the poll was just made
      // Also behind one another, and behind those in an order drawn by lot.
      expect((await collect(snapshot!.votes)).flat().length).toBe(1)
      const first = [2, 3, 4, 7, 9, 12].map(voterNumber)
      expect(await votersOf(1)).toEqual([first.slice(0, pageSize), first.slice(pageSize)])
      expect(await votersOf(2)).toEqual([[voterNumber(5)]])
      expect(await votersOf(3)).toEqual([])
    })
  })

  test('ends where the votes fill the last page', async () => {
    await record([1, 2, 3, 4, 5, 6].map((voter) => [voter, 1]))
    expect((await readAll(poll.id))?.pages.map((page) => page.length)).toEqual([pageSize, pageSize])
    expect((await readAll(somePoll().id))?.pages).toBeUndefined()
  })

  test('is of one moment, whatever is recorded while it is read', async () => {
    await record([1, 2, 3, 4].map((voter) => [voter, 1]))
    await snapshots.read(poll.id, nothingShown, async (snapshot) => {
      await record([[4, 3]])
      const pages = snapshot!.votes[Symbol.asyncIterator]() // the poll was just made
      const first = await pages.next()
      await record([[5, 2]])
      await createPollStore(database.pool).save({ ...poll, voterVisibility: 'public', revision: 2 }, 1)
      const second = await pages.next()
      expect((await collect(snapshot!.votesByVoter(1))).flat().map(({ selection }) => selection)).toEqual([
        [1],
        [1],
        [1],
        [1],
      ])
      expect([...first.value, ...second.value].map(({ selection }) => selection)).toEqual([[1], [1], [1], [1]])
      expect((await pages.next()).done).toBe(true)
      expect([snapshot?.tally.totalVotes, snapshot?.poll.voterVisibility]).toEqual([4, 'secret'])
    })
    expect((await readAll(poll.id))?.pages.flat().length).toBe(5)
  })

  test('is null for an unknown id, and a tombstone for a deleted poll', async () => {
    expect(await readAll('unknown')).toBeNull()
    await createPollStore(database.pool).save({ ...poll, status: 'deleted', revision: 2 }, 1)
    expect((await readAll(poll.id))?.poll.status).toBe('deleted')
  })

  test('reads a page only when it is asked for it', async () => {
    await record([1, 2, 3, 4].map((voter) => [voter, 1]))
    await snapshots.read(poll.id, nothingShown, async (snapshot) => {
      const pages = snapshot!.votes[Symbol.asyncIterator]() // the poll was just made
      await pages.next()
      const before = await openTransactions()
      expect(before.length).toBe(1)
      await sleep(300)
      expect(await openTransactions()).toEqual(before)
      await pages.next()
      expect(await openTransactions()).not.toEqual(before)
    })
  })

  test('is let go when the work ends, also by a fault', async () => {
    await readAll(poll.id)
    await expect(snapshots.read(poll.id, nothingShown, () => Promise.reject(new Error('broken')))).rejects.toThrow(
      'broken',
    )
    await waitUntil(async () => (await openTransactions()).length === 0)
  })

  test('gives up a page that takes too long, as a ledger that is not available', async () => {
    await record([[1, 1]])
    const hasty = new pg.Pool({ connectionString: database.databaseUrl, max: 1, statement_timeout: 500 })
    hasty.on('error', () => undefined)
    const reading = createPollSnapshots(hasty, pageSize)
    await lockVotes(database.pool, async () => {
      const read = reading.read(poll.id, nothingShown, async (snapshot) => collect(snapshot!.votes)) // just made
      await expect(read).rejects.toSatisfy(isUnavailable)
    })
    await hasty.end()
    expect((await readAll(poll.id))?.pages.flat().length).toBe(1)
  })

  // The time for sorting a million votes is 20 s, and for one less than a millisecond.
  test.each([
    { at: 'the server', limits: { statement_timeout: 2_500 }, votes: 1_000_000, heldMs: 3_000 },
    { at: 'the client', limits: { statement_timeout: 7_000, query_timeout: 2_500 }, votes: 1_000_000, heldMs: 3_000 },
    { at: 'neither end', limits: { statement_timeout: 0 }, votes: 1, heldMs: 500 },
  ])('has more time for many votes where $at has a limit', async ({ limits, votes, heldMs }) => {
    await record([[1, 1]])
    await database.pool.query('update tally set total_votes = $1', [votes])
    const limited = new pg.Pool({ connectionString: database.databaseUrl, max: 1, ...limits })
    const reading = await lockVotes(database.pool, async () => {
      const read = createPollSnapshots(limited).read(poll.id, nothingShown, async (snapshot) =>
        collect(snapshot!.votes),
      ) // just made
      await sleep(heldMs)
      return { read }
    })
    expect((await reading.read).flat()).toEqual([{ voter: voterNumber(1), selection: [1] }])
    await limited.end()
  })
})

/** With the time of their last statement. */
async function openTransactions(): Promise<readonly unknown[]> {
  const { rows } = await database.pool.query(
    "select pid, query_start from pg_stat_activity where state like 'idle in transaction%' and datname = current_database()",
  )
  return rows
}

test('a replica that has gone without a word is passed over, also where a connection to it lay idle', async () => {
  const url = new URL(database.databaseUrl)
  const way = await startTcpProxy(url.hostname, Number(url.port))
  // A statement may take as long as it likes; a new connection may not.
  const replica = new pg.Pool({
    connectionString: Object.assign(url, { port: way.port }).href,
    connectionTimeoutMillis: 3_000,
  })
  replica.on('error', () => undefined)
  const passedOver: unknown[] = []
  const hooks = { sleep, onPassedOver: (err: unknown) => void passedOver.push(err) }
  const reading = createReplicaSnapshots(createPollSnapshots(replica), snapshots, hooks)
  const read = async () => reading.read(poll.id, nothingShown, async (snapshot) => snapshot?.poll.id)
  expect(await read()).toBe(poll.id)
  expect([replica.idleCount, passedOver.length]).toEqual([1, 0])
  way.mute()
  expect(await read()).toBe(poll.id)
  expect(passedOver.map(isUnavailable)).toEqual([true])
  await way.stop()
  await replica.end()
})
