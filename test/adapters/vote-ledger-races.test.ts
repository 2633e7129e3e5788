import pg from 'pg'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { createPartitionLease } from '../../src/adapters/postgres/partition-lease.ts'
import { createPollStore } from '../../src/adapters/postgres/poll-store.ts'
import { createTallies } from '../../src/adapters/postgres/tallies.ts'
import { createVoteLedger } from '../../src/adapters/postgres/vote-ledger.ts'
import { isUnavailable } from '../../src/ports/unavailable.ts'
import type { VoteLedger } from '../../src/ports/vote-ledger.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { somePoll } from '../support/some-poll.ts'
import { createLedgerOwner, emptyLedger, positionAt, someVoter, voteAt, voterNumber } from '../support/some-votes.ts'
import { waitUntil } from '../support/wait-until.ts'

const longMs = 60_000
const shortMs = 1

let database: TestDatabase
/** Connections of its own, so that the two sides of a race never wait for each other's place in a pool. */
let otherPool: pg.Pool
let ledger: VoteLedger

beforeAll(async () => {
  database = await createTestDatabase()
  otherPool = new pg.Pool({ connectionString: database.databaseUrl, max: 20 })
  otherPool.on('error', () => undefined)
  ledger = createVoteLedger(otherPool)
})
afterAll(async () => {
  await otherPool.end()
  await database.drop()
})

beforeEach(() => emptyLedger(database.pool))

const partition = 0
const createPoll = async (): Promise<string> => {
  const poll = somePoll({ status: 'closing' })
  await createPollStore(database.pool).create(poll)
  return poll.id
}
const countsOf = async (pollId: string): Promise<readonly number[] | undefined> => {
  const tallies = createTallies(database.pool)
  expect((await tallies.recount(pollId))?.differences).toEqual([])
  return (await tallies.read([pollId]))[0]?.counts
}
/** A moment ago: what is stored is rounded to milliseconds, so "now" may be still to come. */
const letExpire = (): Promise<unknown> =>
  database.pool.query(`update checkpoint set lease_until = clock_timestamp() - interval '1 s' where partition = $1`, [
    partition,
  ])

/** Holds the ledger's table, so that whoever records waits in the middle of the transaction. */
const holdLedger = async (): Promise<{ waiting: () => Promise<number[]>; release: () => Promise<void> }> => {
  const client = new pg.Client({ connectionString: database.databaseUrl })
  await client.connect()
  await client.query('begin; lock table vote in exclusive mode')
  return {
    waiting: async () => {
      const { rows } = await database.pool.query<{ pid: number }>(
        // The server shows those of all databases, in which tables of one template have one number.
        `select pid from pg_locks join pg_database on pg_database.oid = database
         where datname = current_database() and relation = 'vote'::regclass and not granted`,
      )
      return rows.map((row) => row.pid)
    },
    release: () => client.end(),
  }
}

const countWaitingFor = async (table: string): Promise<number> => {
  const { rowCount } = await database.pool.query(
    `select 1 from pg_stat_activity
     where datname = current_database() and wait_event_type = 'Lock' and query like '%insert into ' || $1 || '%'`,
    [table],
  )
  return rowCount ?? 0
}

/** A pool whose connection stops before its query with this number, as a paused process does. */
const stopBeforeQuery = (number: number): { pool: pg.Pool; reached: Promise<void>; goOn: () => void } => {
  const reached = Promise.withResolvers<void>()
  const resumed = Promise.withResolvers<void>()
  const connect = async (): Promise<pg.PoolClient> => {
    const client = await otherPool.connect()
    let asked = 0
    // The casts leave the many overloads of `query` aside: all are passed on as they come.
    const query = client.query.bind(client) as (...values: unknown[]) => Promise<unknown>
    const stoppingQuery = async (...values: unknown[]): Promise<unknown> => {
      asked += 1
      if (asked === number) {
        reached.resolve()
        await resumed.promise
      }
      return query(...values)
    }
    client.query = stoppingQuery as typeof client.query
    return client
  }
  return {
    pool: Object.assign(Object.create(otherPool) as pg.Pool, { connect }),
    reached: reached.promise,
    goOn: resumed.resolve,
  }
}

test('of many who record from the same checkpoint at once, exactly one does', async () => {
  const owner = await createLedgerOwner(database.pool, partition)
  const pollId = await createPoll()
  for (let entry = 1; entry <= 10; entry += 1) {
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, index) => {
        const vote = voteAt(entry, { pollId, voter: someVoter(), selection: [(index % 3) + 1] })
        return ledger.record(owner.batch(entry, { votes: [vote] }))
      }),
    )
    expect(answers.filter((answer) => answer !== 'fenced')).toHaveLength(1)
    await owner.lookAgain()
    expect(owner.checkpoint()).toEqual({ partition, epoch: 1, recorded: `${entry}-0` })
    expect((await countsOf(pollId))?.reduce((sum, count) => sum + count)).toBe(entry)
  }
})

test('a batch that was committed before is fenced, so an unanswered commit can be asked again', async () => {
  const owner = await createLedgerOwner(database.pool, partition)
  const pollId = await createPoll()
  const batch = owner.batch(1, { votes: [voteAt(1, { pollId, selection: [1] })] })
  expect(await ledger.record(batch)).not.toBe('fenced')
  expect(await ledger.record(batch)).toBe('fenced')
  expect(await countsOf(pollId)).toEqual([1, 0, 0])
})

test('a zombie whose partition was taken over writes nothing, whatever it sends', async () => {
  const zombie = await createLedgerOwner(database.pool, partition)
  const pollId = await createPoll()
  await letExpire()
  await createLedgerOwner(database.pool, partition)
  const batch = zombie.batch(1, {
    votes: [voteAt(1, { pollId, selection: [1] }), voteAt(2, { pollId, voter: someVoter(), selection: [9] })],
    markers: [{ pollId, round: 1, position: positionAt(3) }],
    setAside: [{ position: positionAt(4), pollId, reason: 'unreadable', payload: '' }],
  })
  expect(await ledger.record(batch)).toBe('fenced')
  expect(await ledger.find(pollId, 1, voterNumber(1))).toBeNull()
  expect(await countsOf(pollId)).toEqual([0, 0, 0])
  expect(await createTallies(database.pool).finalise(pollId)).toBe(false)
  expect((await database.pool.query('select 1 from set_aside where poll_id = $1', [pollId])).rowCount).toBe(0)
  expect(await createPartitionLease(database.pool).read(partition)).toEqual({ partition, epoch: 1, recorded: '0-0' })
})

test('fenced is also who gave the partition back, and who knows an older epoch', async () => {
  const owner = await createLedgerOwner(database.pool, partition)
  const early = owner.batch(1)
  await owner.raiseEpoch()
  expect(await ledger.record(early)).toBe('fenced')
  const late = owner.batch(1)
  await createPartitionLease(database.pool).release(partition, owner.name)
  expect(await ledger.record(late)).toBe('fenced')
})

test('a commit after the lease ran out stands, as long as nobody took the partition over', async () => {
  const owner = await createLedgerOwner(database.pool, partition)
  const pollId = await createPoll()
  await letExpire()
  await owner.record(1, { votes: [voteAt(1, { pollId, selection: [1] })] })
  expect(await createPartitionLease(database.pool).acquire(partition, 'next', longMs)).toEqual(owner.checkpoint())
  expect(await countsOf(pollId)).toEqual([1, 0, 0])
})

test('whoever takes over while the owner commits waits, and finds the checkpoint of that commit', async () => {
  const owner = await createLedgerOwner(otherPool, partition, shortMs)
  const pollId = await createPoll()
  const held = await holdLedger()
  const recording = owner.record(1, { votes: [voteAt(1, { pollId, selection: [1] })] })
  await waitUntil(async () => (await held.waiting()).length === 1)
  const takingOver = createPartitionLease(otherPool).acquire(partition, 'next', longMs)
  await waitUntil(async () => (await countWaitingFor('checkpoint')) === 1)
  await held.release()
  await recording
  expect(await takingOver).toEqual({ partition, epoch: 1, recorded: '1-0' })
  expect(await countsOf(pollId)).toEqual([1, 0, 0])
})

test('a connection that breaks within a batch leaves nothing, and the same batch can be recorded afterwards', async () => {
  const owner = await createLedgerOwner(otherPool, partition)
  const pollId = await createPoll()
  const content = { votes: [voteAt(1, { pollId, selection: [1] })] }
  const held = await holdLedger()
  const recording = owner.record(1, content).catch((fault: unknown) => fault)
  await waitUntil(async () => (await held.waiting()).length === 1)
  await database.pool.query('select pg_terminate_backend(pid) from unnest($1::int[]) as pid', [await held.waiting()])
  const fault = await recording
  await held.release()
  expect(isUnavailable(fault)).toBe(true)
  expect(fault).toHaveProperty('cause')
  expect(await createPartitionLease(database.pool).read(partition)).toEqual({ partition, epoch: 1, recorded: '0-0' })
  expect(await ledger.find(pollId, 1, voterNumber(1))).toBeNull()
  await owner.record(1, content)
  expect(await countsOf(pollId)).toEqual([1, 0, 0])
})

test('an owner that stops within a batch is cut off, so that another can take the partition over', async () => {
  const owner = await createLedgerOwner(otherPool, partition, shortMs)
  const pollId = await createPoll()
  const stopped = stopBeforeQuery(3)
  const batch = owner.batch(1, { votes: [voteAt(1, { pollId, selection: [1] })] })
  const outcome = createVoteLedger(stopped.pool)
    .record(batch)
    .catch((fault: unknown) => fault)
  await stopped.reached
  expect(await createPartitionLease(otherPool).acquire(partition, 'next', longMs)).toEqual(batch.from)
  stopped.goOn()
  expect(isUnavailable(await outcome)).toBe(true)
  expect(await ledger.find(pollId, 1, voterNumber(1))).toBeNull()
})
