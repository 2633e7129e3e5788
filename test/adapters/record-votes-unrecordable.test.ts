import { afterEach, describe, expect, test } from 'vitest'
import { createPartitionLease } from '../../src/adapters/postgres/partition-lease.ts'
import { createPollStore } from '../../src/adapters/postgres/poll-store.ts'
import { createTallies } from '../../src/adapters/postgres/tallies.ts'
import { createVoteLedger } from '../../src/adapters/postgres/vote-ledger.ts'
import type { Poll } from '../../src/domain/poll.ts'
import type { VoterKey } from '../../src/domain/vote.ts'
import type { VoteStream } from '../../src/ports/vote-stream.ts'
import { type Adapters, adapters } from '../support/adapters.ts'
import { createTestDatabase } from '../support/postgres.ts'
import { ask, readEntries, readVotes, someCall, someDoor } from '../support/some-calls.ts'
import { somePoll } from '../support/some-poll.ts'
import { voterNumber } from '../support/some-votes.ts'
import { waitUntil } from '../support/wait-until.ts'
import { startWorker } from '../support/worker.ts'

const withinMs = 15_000
const undo: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step()
})

describe.each(adapters)('$name', ({ create }) => {
  async function start() {
    const database = await createTestDatabase()
    undo.push(database.drop)
    const ports = await create()
    undo.push(ports.stop)
    const poll = somePoll({ closesAt: null })
    await createPollStore(database.pool).create(poll)
    await ports.stream.raiseEpoch(0, 1)
    await ports.door.open(0, someDoor(poll.id))
    return { pool: database.pool, ports, poll }
  }
  type System = Awaited<ReturnType<typeof start>>

  function work({ pool, ports }: System) {
    const worker = startWorker(pool, ports, { name: 'ann', partitions: [0] })
    undo.push(worker.stop)
    return worker
  }

  async function vote({ ports, poll }: System, optionId: number): Promise<void> {
    const answer = await ask(ports.door, someCall({ pollId: poll.id, selection: [optionId] }))
    expect(answer.answer).toBe('accepted')
  }

  /** The tally once the ledger holds everything that the stream does. */
  async function readRecorded({ pool, ports, poll }: System) {
    const end = (await readEntries(ports.stream)).at(-1)?.id
    await waitUntil(async () => (await createPartitionLease(pool).read(0)).recorded === end, { withinMs })
    return countsOf(pool, poll)
  }

  async function countsOf(pool: System['pool'], poll: Poll) {
    const tallies = createTallies(pool)
    expect((await tallies.recount(poll.id))?.differences).toEqual([])
    return (await tallies.read([poll.id]))[0]?.counts
  }

  test('a vote that the ledger can never hold is set aside with what was wrong; all others count', async () => {
    const system = await start()
    const { pool, ports, poll } = system
    // What the ledger refuses for a reason of its own, which no reader of the stream knows.
    await pool.query(`alter table vote add constraint nobody_chooses_three check (selection <> '{3}')`)
    for (const optionId of [1, 2, 3, 2, 3, 1, 1]) await vote(system, optionId)
    const worker = work(system)
    expect(await readRecorded(system)).toEqual([3, 2, 0])
    const refused = (await readVotes(ports.stream, poll.id)).filter(({ selection }) => selection[0] === 3)
    const { rows } = await pool.query<{ reason: string; position: string; payload: string }>(
      `select reason, encode(position, 'hex') as position, payload from set_aside where poll_id = $1 order by position`,
      [poll.id],
    )
    expect(rows.map(({ payload, ...row }) => ({ ...row, ...JSON.parse(payload) }))).toEqual(
      refused.map(({ position, round, voter, kind, selection }) => ({
        reason: expect.stringContaining('nobody_chooses_three'),
        position,
        round,
        voter,
        kind,
        selection,
      })),
    )
    for (const { position } of refused) expect(await createVoteLedger(pool).isSetAside(0, position)).toBe(true)
    expect(worker.faults.map(String)).toEqual([
      expect.stringContaining('nobody_chooses_three'),
      expect.stringContaining('nobody_chooses_three'),
    ])
  })

  test('a bad vote takes none of those along that travel in the same entry', async () => {
    const system = await start()
    const { pool, ports, poll } = system
    await pool.query(`alter table vote add constraint nobody_chooses_three check (selection <> '{3}')`)
    const chosen = [1, 2, 3, 2, 1, 1, 3, 2, 1]
    const calls = chosen.map((optionId) => someCall({ pollId: poll.id, selection: [optionId] }))
    const changed = { ...calls[0]!, kind: 'change', selection: [2] } as const // there are nine
    const answers = await ports.door.append(0, [...calls, changed])
    expect(answers.map(({ answer }) => answer)).toEqual(Array(10).fill('accepted'))
    expect((await readEntries(ports.stream)).filter(({ content }) => content.type === 'votes')).toHaveLength(1)
    work(system)
    expect(await readRecorded(system)).toEqual([3, 4, 0])
    const bad = (await readVotes(ports.stream, poll.id)).filter(({ selection }) => selection[0] === 3)
    const { rows } = await pool.query<{ position: string }>(
      `select encode(position, 'hex') as position from set_aside where poll_id = $1 order by position`,
      [poll.id],
    )
    expect(rows.map(({ position }) => position)).toEqual(bad.map(({ position }) => position))
  })

  test('a ledger that is out of order sets nothing aside: the votes wait until it is mended', async () => {
    const system = await start()
    const { pool } = system
    await pool.query('alter table vote rename to vote_elsewhere')
    for (const optionId of [1, 2]) await vote(system, optionId)
    const worker = work(system)
    await waitUntil(() => worker.faults.length >= 2, { withinMs })
    expect((await createPartitionLease(pool).read(0)).recorded).toBe('0-0')
    expect((await pool.query('select 1 from set_aside')).rowCount).toBe(0)
    await pool.query('alter table vote_elsewhere rename to vote')
    expect(await readRecorded(system)).toEqual([1, 1, 0])
  })

  test("a vote that somebody put into a partition that is not its voter's is set aside with its reason; all others count", async () => {
    const { pool, ports } = await start()
    const poll = somePoll({ closesAt: null, partitions: 2 })
    await createPollStore(pool).create(poll)
    for (const partition of [0, 1]) {
      await ports.stream.raiseEpoch(partition, 1)
      await ports.door.open(partition, someDoor(poll.id))
      for (const number of [0, 1, 2, 3]) {
        // The doors of no adapter know how many partitions there are: the api chooses.
        await ask(ports.door, someCall({ pollId: poll.id, voter: voterNumber(number) }), partition)
      }
    }
    const worker = startWorker(pool, ports, { name: 'ann', partitions: [0, 1] })
    undo.push(worker.stop)
    const reasons = async () =>
      (await pool.query<{ reason: string }>('select reason from set_aside')).rows.map(({ reason }) => reason)
    await waitUntil(async () => (await reasons()).length === 4, { withinMs })
    expect(new Set(await reasons())).toEqual(new Set(['partition_wrong']))
    await waitUntil(async () => (await createTallies(pool).read([poll.id]))[0]?.totalVotes === 4, { withinMs })
    expect((await createTallies(pool).recount(poll.id))?.differences).toEqual([])
    expect(worker.faults).toEqual([])
  })

  test('what a newer version wrote waits with all behind it for a worker that understands it; other partitions go on', async () => {
    const { pool, ports } = await start()
    const poll = somePoll({ closesAt: null, partitions: 2 })
    await createPollStore(pool).create(poll)
    for (const partition of [0, 1]) {
      await ports.stream.raiseEpoch(partition, 1)
      await ports.door.open(partition, someDoor(poll.id))
    }
    const voteAt = async (partition: number, voter: VoterKey) => {
      const answer = await ask(ports.door, someCall({ pollId: poll.id, voter }), partition)
      expect(answer.answer).toBe('accepted')
    }
    const totalVotes = async () => (await createTallies(pool).read([poll.id]))[0]?.totalVotes
    for (const number of [0, 2, 4]) await voteAt(0, voterNumber(number))
    const [before, newer] = await readEntries(ports.stream, 0)
    if (before === undefined || newer === undefined) throw new Error('there are three')
    const eyes = { ...ports, stream: readAsOlder(ports.stream, newer.id) }
    const older = startWorker(pool, eyes, { name: 'older', partitions: [0, 1] })
    undo.push(older.stop)
    await waitUntil(() => older.newerEntries() > 0, { withinMs })
    for (const number of [1, 3, 5, 7]) await voteAt(1, voterNumber(number))
    await waitUntil(async () => (await totalVotes()) === 5, { withinMs })
    // Again and again it finds the entry there, sets nothing aside, and does nothing else meanwhile.
    await waitUntil(() => older.newerEntries() > 1, { withinMs })
    expect((await createPartitionLease(pool).read(0)).recorded).toBe(before.id)
    expect((await pool.query('select 1 from set_aside')).rowCount).toBe(0)
    expect(older.faults).toEqual([])
    const newest = startWorker(pool, ports, { name: 'newest', partitions: [0, 1] })
    undo.push(newest.stop)
    await waitUntil(async () => (await totalVotes()) === 7, { withinMs })
    expect((await createTallies(pool).recount(poll.id))?.differences).toEqual([])
  })
})

/** The stream as an older version sees it, for which this entry of partition 0 is of a newer format. */
function readAsOlder(stream: Adapters['stream'], newer: string): VoteStream {
  return {
    ...stream,
    read: async (partition, ...asked) =>
      (await stream.read(partition, ...asked)).map((entry) =>
        partition === 0 && entry.id === newer ? { ...entry, content: { type: 'newer', formatVersion: 2 } } : entry,
      ),
  }
}
