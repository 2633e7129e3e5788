import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createListener, type Listener } from '../../src/adapters/postgres/listen.ts'
import { createVoteDoor } from '../../src/adapters/postgres/vote-door.ts'
import { createVoteStream } from '../../src/adapters/postgres/vote-stream.ts'
import { STREAM_START, type EntryId, type Position } from '../../src/domain/position.ts'
import type { DoorAnswer, DoorCall } from '../../src/ports/vote-door.ts'
import type { StreamEntry, VoteStream } from '../../src/ports/vote-stream.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { someVoter } from '../support/some-votes.ts'
import { waitUntil } from '../support/wait-until.ts'

const never = new AbortController().signal
const pollId = 'a-poll-for-all'
const someCall = (): DoorCall => ({
  pollId,
  round: 1,
  revision: 1,
  kind: 'cast',
  voter: someVoter(),
  selection: [1 + Math.floor(Math.random() * 3)],
  requestKey: randomBytes(8).toString('hex'),
})
const positionsOf = (answers: readonly DoorAnswer[]): readonly Position[] =>
  answers.map((answer) => {
    if (answer.answer !== 'accepted') throw new Error(`not accepted: ${answer.answer}`)
    return answer.position
  })
/** The entry in which a position stands: digits 9 to 20, and 21 to 28. */
const entryOf = (position: Position): EntryId =>
  `${Number.parseInt(position.slice(8, 20), 16)}-${Number.parseInt(position.slice(20, 28), 16)}`

let database: TestDatabase
let listener: Listener
let stream: VoteStream
let partition = 0

beforeAll(async () => {
  database = await createTestDatabase()
  listener = createListener({ connectionString: database.databaseUrl, application_name: 'listener' })
  stream = createVoteStream(database.pool, listener)
})
afterAll(async () => {
  await listener.stop()
  await database.drop()
})

/** A partition that no test has used, with an open door. */
const openPartition = async (): Promise<number> => {
  partition += 1
  await stream.raiseEpoch(partition, 1)
  await createVoteDoor(database.pool).open(partition, { pollId, round: 1, revision: 1, closesAt: null })
  return partition
}

/** A door on one connection, whose transactions the test begins and ends itself. */
const connectWriter = async (): Promise<{
  readonly append: (at: number, calls: readonly DoorCall[]) => Promise<readonly DoorAnswer[]>
  readonly client: pg.Client
  readonly pid: number
}> => {
  const client = new pg.Client({ connectionString: database.databaseUrl })
  await client.connect()
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
  // The cast: of a pool the door uses `query` alone, which a client has as well.
  const door = createVoteDoor(client as unknown as pg.Pool)
  return { append: (at, calls) => door.append(at, calls), client, pid: rows[0]?.pid ?? 0 }
}

const isBlocked = async (pid: number): Promise<boolean> => {
  const { rows } = await database.pool.query<{ blocked: boolean }>(
    'select cardinality(pg_blocking_pids($1)) > 0 as blocked',
    [pid],
  )
  return rows[0]?.blocked ?? false
}

const readNow = (at: number, after: EntryId = STREAM_START): Promise<readonly StreamEntry[]> =>
  stream.read(at, after, { entriesMax: 1_000, waitMs: 0 }, never)

describe('nobody reads past an uncommitted entry', () => {
  test('a second append waits for the first to commit, and takes the next number', async () => {
    const at = await openPartition()
    const [first, second] = [await connectWriter(), await connectWriter()]
    await first.client.query('begin')
    const [firstPosition] = positionsOf(await first.append(at, [someCall()]))
    const secondCall = someCall()
    const secondAnswer = second.append(at, [secondCall])
    await waitUntil(() => isBlocked(second.pid))
    expect(await readNow(at)).toEqual([])

    await first.client.query('commit')
    const [secondPosition] = positionsOf(await secondAnswer)
    expect((await readNow(at)).map((entry) => entry.id)).toEqual(['1-0', '2-0'])
    expect([firstPosition, secondPosition].map((position) => position && entryOf(position))).toEqual(['1-0', '2-0'])
    for (const { client } of [first, second]) await client.end()
  })

  test('the number of an append that was rolled back is given to the next one', async () => {
    const at = await openPartition()
    const [first, second] = [await connectWriter(), await connectWriter()]
    await first.client.query('begin')
    const call = someCall()
    await first.append(at, [call])
    const secondAnswer = second.append(at, [call])
    await waitUntil(() => isBlocked(second.pid))
    await first.client.query('rollback')
    // The same vote as the one that never happened: it is a first one.
    expect(await secondAnswer).toEqual([{ answer: 'accepted', isRepeated: false, position: expect.any(String) }])
    expect((await readNow(at)).map((entry) => entry.id)).toEqual(['1-0'])
    for (const { client } of [first, second]) await client.end()
  })

  test('the same vote over two connections at once is appended once', async () => {
    const at = await openPartition()
    const [first, second] = [await connectWriter(), await connectWriter()]
    await first.client.query('begin')
    const call = someCall()
    const [firstPosition] = positionsOf(await first.append(at, [call]))
    const secondAnswer = second.append(at, [call])
    await waitUntil(() => isBlocked(second.pid))
    await first.client.query('commit')
    expect(await secondAnswer).toEqual([{ answer: 'accepted', isRepeated: true, position: firstPosition }])
    expect(await readNow(at)).toHaveLength(1)
    for (const { client } of [first, second]) await client.end()
  })

  test('under contention a reader meets every entry exactly once, in order, without a gap', async () => {
    const at = await openPartition()
    const [writersCount, appendsPerWriter] = [4, 60]
    const writers = await Promise.all(Array.from({ length: writersCount }, connectWriter))
    const acknowledged = new Set<Position>()
    let waits = 0
    let isWriting = true

    const write = async ({ append, client }: (typeof writers)[number], writer: number): Promise<void> => {
      for (let turn = 0; turn < appendsPerWriter; turn += 1) {
        const isUndone = (turn + writer) % 7 === 0
        await client.query('begin')
        const positions = positionsOf(await append(at, [someCall(), someCall(), someCall()]))
        // Another round trip within the transaction: the entry is there for a while before it is committed.
        await client.query('select 1')
        await client.query(isUndone ? 'rollback' : 'commit')
        if (!isUndone) for (const position of positions) acknowledged.add(position)
      }
    }
    const watch = async (): Promise<void> => {
      while (isWriting) for (const { pid } of writers) if (await isBlocked(pid)) waits += 1
    }
    const met: StreamEntry[] = []
    const read = async (): Promise<void> => {
      for (let wasWriting = true; wasWriting;) {
        wasWriting = isWriting
        const entries = await stream.read(at, met.at(-1)?.id ?? STREAM_START, { entriesMax: 5, waitMs: 5 }, never)
        met.push(...entries)
        wasWriting ||= entries.length > 0
      }
    }
    const writing = Promise.all(writers.map(write)).finally(() => {
      isWriting = false
    })
    await Promise.all([writing, watch(), read()])

    expect(waits).toBeGreaterThan(0)
    expect(met.map((entry) => entry.id)).toEqual(met.map((_, index) => `${index + 1}-0`))
    const votesMet = met.flatMap(({ content }) => (content.type === 'votes' ? content.votes : []))
    expect(votesMet).toHaveLength(acknowledged.size)
    const entriesAcknowledged = new Set([...acknowledged].map(entryOf))
    expect([...entriesAcknowledged].toSorted()).toEqual(met.map((entry) => entry.id).toSorted())
    for (const { client } of writers) await client.end()
  })
})

describe('the disk', () => {
  test('an append waits for it also where the server does not by default', async () => {
    const at = await openPartition()
    const { append, client } = await connectWriter()
    await client.query('set synchronous_commit = off')
    await client.query('begin')
    await append(at, [someCall()])
    const { rows } = await client.query('show synchronous_commit')
    expect(rows).toEqual([{ synchronous_commit: 'on' }])
    await client.query('commit')
    await client.end()
  })
})

describe('waiting for entries', () => {
  test('a waiting reader hears of an entry long before it would look again', async () => {
    const at = await openPartition()
    const door = createVoteDoor(database.pool)
    const waits: number[] = []
    let after = STREAM_START
    for (let turn = 0; turn < 9; turn += 1) {
      const reading = stream.read(at, after, { entriesMax: 1, waitMs: 10_000 }, never)
      // After the reader's first look, which finds nothing.
      await readNow(at, after)
      const appendedAt = performance.now()
      await door.append(at, [someCall()])
      after = (await reading)[0]?.id ?? after
      waits.push(performance.now() - appendedAt)
    }
    expect(after).toBe('9-0')
    expect(waits.toSorted((a, b) => a - b)[4]).toBeLessThan(200)
  })

  test('a waiting reader finds an entry also where no notification arrives', async () => {
    const at = await openPartition()
    const deaf: Listener = createListener({ connectionString: database.databaseUrl })
    await deaf.stop()
    const reading = createVoteStream(database.pool, deaf).read(
      at,
      STREAM_START,
      { entriesMax: 1, waitMs: 10_000 },
      never,
    )
    await createVoteDoor(database.pool).append(at, [someCall()])
    expect(await reading).toHaveLength(1)
  })

  test('a reader returns at once when the signal aborts, also while the database does not answer', async () => {
    const at = await openPartition()
    const { client } = await connectWriter()
    await client.query('begin; lock table vote_event in access exclusive mode')
    const stop = new AbortController()
    const reading = stream.read(at, STREAM_START, { entriesMax: 1, waitMs: 60_000 }, stop.signal)
    await waitUntil(async () => {
      const { rows } = await database.pool.query(
        `select from pg_locks join pg_database on pg_database.oid = database
         where datname = current_database() and relation = 'vote_event'::regclass and not granted`,
      )
      return rows.length > 0
    })
    stop.abort()
    expect(await reading).toEqual([])
    await client.query('rollback')
    await client.end()
  })

  test('a reader hears again after its connection was terminated', async () => {
    const at = await openPartition()
    const door = createVoteDoor(database.pool)
    await door.append(at, [someCall()])
    await stream.read(at, STREAM_START, { entriesMax: 1, waitMs: 0 }, never)
    const { rows } = await database.pool.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = 'listener'`,
    )
    expect(rows).toHaveLength(1)
    const reading = stream.read(at, '1-0', { entriesMax: 1, waitMs: 10_000 }, never)
    await door.append(at, [someCall()])
    expect((await reading).map((entry) => entry.id)).toEqual(['2-0'])
  })
})

test('the door as an older version calls it while this one is put in place knows no limit, and is counted', async () => {
  const at = await openPartition()
  const call = someCall()
  const voteOf = async (): Promise<readonly string[]> => {
    const { rows } = await database.pool.query<{ answers: string[] }>(
      `select answers from vote_door_append($1, array[$2], array[1], array[1], array['cast'], array[$3::bytea],
         array['\\x010001'::bytea], array[null::bytea], array[false], array['\\x00'::bytea], 1::smallint)`,
      [at, pollId, Buffer.from(someVoter(), 'hex')],
    )
    return rows[0]?.answers ?? []
  }
  for (let n = 0; n < 3; n += 1) expect(await voteOf()).toEqual(['accepted'])
  const door = createVoteDoor(database.pool, { unrecordedVotesMax: 3 })
  expect(await door.append(at, [call])).toEqual([{ answer: 'overloaded' }])
  await stream.follow(at, '3-0')
  expect(await door.append(at, [call])).toMatchObject([{ answer: 'accepted' }])
})

describe('what nobody reads any more', () => {
  test('the voters of a door that is gone go with the next trimming, and no others', async () => {
    const at = await openPartition()
    const door = createVoteDoor(database.pool)
    const countVoters = async (): Promise<number> => {
      const { rows } = await database.pool.query<{ voters: number }>('select count(*)::int as voters from door_voter')
      return rows[0]?.voters ?? 0
    }
    const before = await countVoters()
    await door.append(at, [someCall(), someCall(), someCall()])
    const stays = await openPartition()
    await door.append(stays, [someCall(), someCall()])

    await door.open(at, { pollId, round: 2, revision: 2, closesAt: null })
    await door.append(at, [{ ...someCall(), round: 2, revision: 2 }])
    await stream.trim(at, STREAM_START, 0)
    expect(await countVoters()).toBe(before + 3)
    await door.remove(at, pollId)
    await stream.trim(at, STREAM_START, 0)
    expect(await countVoters()).toBe(before + 2)
  })
})
