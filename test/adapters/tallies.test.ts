import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createCodeRegister } from '../../src/adapters/postgres/code-register.ts'
import { createPollStore } from '../../src/adapters/postgres/poll-store.ts'
import { createTallies } from '../../src/adapters/postgres/tallies.ts'
import type { Poll, PollStatus } from '../../src/domain/poll.ts'
import type { PollStore } from '../../src/ports/poll-store.ts'
import type { Tallies } from '../../src/ports/tallies.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { somePoll } from '../support/some-poll.ts'
import {
  createLedgerOwner,
  emptyLedger,
  type LedgerOwner,
  positionAt,
  someVoter,
  voteAt,
  voterNumber,
} from '../support/some-votes.ts'
import { waitUntil } from '../support/wait-until.ts'

let database: TestDatabase
let tallies: Tallies
let store: PollStore
let lastPartition = -1

beforeAll(async () => {
  database = await createTestDatabase()
  tallies = createTallies(database.pool)
  store = createPollStore(database.pool)
})
afterAll(() => database.drop())
beforeEach(async () => {
  await emptyLedger(database.pool)
  lastPartition = -1
})

const createPoll = async (said: Partial<Poll> = {}): Promise<Poll> => {
  const poll = somePoll(said)
  await store.create(poll)
  return poll
}
/** Of a test, partition 0 first, then 1. */
const takePartition = (): Promise<LedgerOwner> => createLedgerOwner(database.pool, (lastPartition += 1))

describe('reading tallies', () => {
  test('counts of all partitions are summed, in the order of the options, with revision, status and round', async () => {
    const poll = await createPoll({
      type: 'multiple',
      maxChoices: 2,
      revision: 7,
      round: 2,
      status: 'closing',
      partitions: 3,
      options: [
        { id: 5, text: 'Five', position: 0 },
        { id: 2, text: 'Two', position: 1 },
        { id: 3, text: 'Three', position: 2 },
      ],
      nextOptionId: 6,
    })
    const { id: pollId } = poll
    for (const [partition, selection] of [[5], [2, 5], [2]].entries()) {
      const owner = await takePartition()
      await owner.record(1, { votes: [voteAt(1, { pollId, round: 2, voter: voterNumber(partition), selection })] })
    }
    const before = Date.now()
    const [tally] = await tallies.read([pollId])
    expect(tally).toEqual({
      pollId,
      round: 2,
      version: 7 + 3,
      revision: 7,
      status: 'closing',
      optionIds: [5, 2, 3],
      counts: [2, 2, 0],
      totalVotes: 3,
      asOf: expect.any(Number),
      resultsFinal: false,
    })
    expect(Math.abs((tally?.asOf ?? 0) - before)).toBeLessThan(5000)
  })

  test('a poll that nobody voted in has zeros for every option', async () => {
    const { id } = await createPoll({ revision: 4 })
    expect(await tallies.read([id])).toMatchObject([{ counts: [0, 0, 0], totalVotes: 0, version: 4 }])
  })

  test('many polls are read in one snapshot; each once, unknown ones left out, tombstones with their status', async () => {
    const [open, deleted] = [await createPoll(), await createPoll({ status: 'deleted' })]
    const read = await tallies.read([open.id, 'unknown', deleted.id, open.id])
    const statuses = read.map((tally) => `${tally.pollId} ${tally.status}`)
    expect(statuses.toSorted()).toEqual([`${open.id} open`, `${deleted.id} deleted`].toSorted())
    expect(await tallies.read([])).toEqual([])
  })

  test('the result is final when the poll is closed, and not before', async () => {
    const statuses: readonly PollStatus[] = ['draft', 'scheduled', 'open', 'closing', 'deleted', 'closed']
    for (const status of statuses) {
      const { id } = await createPoll({ status })
      expect(await tallies.read([id])).toMatchObject([{ status, resultsFinal: status === 'closed' }])
    }
  })

  test('every snapshot that is read while votes come in adds up, and its version never falls', async () => {
    const { id: pollId } = await createPoll()
    const owner = await takePartition()
    let isRecording = true
    let differentVersions = 0
    const recording = (async () => {
      // Longer where whoever reads is held up meanwhile.
      for (let entry = 1; entry <= 60 || (differentVersions <= 2 && entry <= 2_000); entry += 1) {
        const votes = Array.from({ length: 20 }, () => voteAt(entry, { pollId, voter: someVoter(), selection: [2] }))
        await owner.record(entry, { votes })
      }
      isRecording = false
    })()
    let versionBefore = 0
    while (isRecording) {
      const [tally] = await tallies.read([pollId])
      if (tally === undefined) throw new Error('no tally')
      expect(tally.version).toBe(tally.totalVotes + 1)
      expect(tally.counts[1]).toBe(tally.totalVotes)
      expect(tally.version).toBeGreaterThanOrEqual(versionBefore)
      if (tally.version > versionBefore) differentVersions += 1
      versionBefore = tally.version
      expect((await tallies.recount(pollId))?.differences).toEqual([])
    }
    await recording
    expect(differentVersions).toBeGreaterThan(2)
  })
})

describe('finalising', () => {
  test('a closing poll is closed when the markers of its round from all partitions are recorded', async () => {
    const poll = await createPoll({ status: 'closing', partitions: 2, round: 3, revision: 8, closesAt: null })
    const { id: pollId } = poll
    const owners = [await takePartition(), await takePartition()] as const
    const marker = (
      round: number,
    ): { markers: { pollId: string; round: number; position: ReturnType<typeof positionAt> }[] } => ({
      markers: [{ pollId, round, position: positionAt(1) }],
    })
    expect(await tallies.finalise(pollId)).toBe(false)
    expect(await owners[0].record(1, marker(3))).toMatchObject({ pollIds: [pollId], written: 0 })
    // A marker of another round, and the same marker again, are not the one that is missing.
    await owners[1].record(1, marker(2))
    await owners[0].record(2, marker(3))
    expect(await tallies.finalise(pollId)).toBe(false)
    expect(await store.find(pollId)).toEqual(poll)
    await owners[1].record(2, { markers: [...marker(3).markers, ...marker(3).markers] })
    expect(await tallies.finalise(pollId)).toBe(true)
    const closed = await store.find(pollId)
    expect(closed).toEqual({ ...poll, status: 'closed', revision: 9, closedAt: expect.any(Number) })
    expect(Math.abs((closed?.closedAt ?? 0) - Date.now())).toBeLessThan(5000)
    // Asked again it is still final, and nothing changes any more.
    expect(await tallies.finalise(pollId)).toBe(true)
    expect(await store.find(pollId)).toEqual(closed)
    expect(await tallies.read([pollId])).toMatchObject([{ resultsFinal: true, revision: 9, version: 9 }])
  })

  test('no other status becomes closed, whatever markers are recorded', async () => {
    const owner = await takePartition()
    let entry = 0
    for (const status of ['draft', 'scheduled', 'deleted'] as const) {
      const poll = await createPoll({ status })
      await owner.record((entry += 1), { markers: [{ pollId: poll.id, round: 1, position: positionAt(1) }] })
      expect(await tallies.finalise(poll.id)).toBe(false)
      expect(await store.find(poll.id)).toEqual(poll)
    }
    expect(await tallies.finalise('unknown')).toBe(false)
  })

  test('an open poll becomes closing when one door has left its marker, once, and closed with the last; a marker of another round does nothing', async () => {
    const poll = await createPoll({ status: 'open', partitions: 2, round: 2, revision: 5 })
    const { id: pollId } = poll
    const owners = [await takePartition(), await takePartition()] as const
    const markerOf = (round: number) => ({ markers: [{ pollId, round, position: positionAt(1) }] })
    await owners[0].record(1, markerOf(1))
    expect(await tallies.finalise(pollId)).toBe(false)
    expect(await store.find(pollId)).toEqual(poll)
    await owners[0].record(2, markerOf(2))
    expect(await tallies.finalise(pollId)).toBe(false)
    expect(await tallies.finalise(pollId)).toBe(false)
    expect(await store.find(pollId)).toEqual({ ...poll, status: 'closing', revision: 6 })
    await owners[1].record(1, markerOf(2))
    expect(await tallies.finalise(pollId)).toBe(true)
    expect(await store.find(pollId)).toMatchObject({ status: 'closed', revision: 7 })
  })

  test('a marker for an unknown poll, or in a partition that the poll has not, is left alone', async () => {
    const { id: pollId } = await createPoll({ status: 'closing' })
    const [owner, other] = [await takePartition(), await takePartition()]
    const markerOf = (ofPoll: string) => ({ markers: [{ pollId: ofPoll, round: 1, position: positionAt(1) }] })
    expect(await owner.record(1, markerOf('unknown\0'))).toMatchObject({ pollIds: [] })
    expect(await other.record(1, markerOf(pollId))).toMatchObject({ pollIds: [] })
    expect(await tallies.finalise(pollId)).toBe(false)
    expect(await owner.record(2, markerOf(pollId))).toMatchObject({ pollIds: [pollId] })
    expect(await tallies.finalise(pollId)).toBe(true)
  })

  test('votes that stand before the marker in the same batch count, and the marker brings no votes', async () => {
    const { id: pollId } = await createPoll({ status: 'closing' })
    const owner = await takePartition()
    await owner.record(2, {
      votes: [voteAt(1, { pollId, selection: [3] })],
      markers: [{ pollId, round: 1, position: positionAt(2) }],
    })
    expect(await tallies.finalise(pollId)).toBe(true)
    expect(await tallies.read([pollId])).toMatchObject([{ counts: [0, 0, 1], totalVotes: 1, version: 1 + 1 + 1 }])
  })

  test('of many who finalise at once one makes the revision, and all know that it is final', async () => {
    const { id: pollId } = await createPoll({ status: 'closing' })
    const owner = await takePartition()
    await owner.record(1, { markers: [{ pollId, round: 1, position: positionAt(1) }] })
    const pool = new pg.Pool({ connectionString: database.databaseUrl, max: 8 })
    // Held from outside, so that all of them stand in line for the poll at the same time.
    const holder = await database.pool.connect()
    await holder.query('begin')
    await holder.query('select from poll where id = $1 for update', [pollId])
    const asked = Array.from({ length: 8 }, () => createTallies(pool).finalise(pollId))
    await waitUntil(async () => (await countWaiting()) === 8)
    await holder.query('commit')
    holder.release()
    expect(await Promise.all(asked)).toEqual(Array(8).fill(true))
    expect((await store.find(pollId))?.revision).toBe(2)
    await pool.end()
  })

  test('a reset that comes first wins: the poll in its new round is not closed', async () => {
    const poll = await createPoll({ status: 'closing' })
    const { id: pollId } = poll
    const owner = await takePartition()
    await owner.record(1, { markers: [{ pollId, round: 1, position: positionAt(1) }] })
    const holder = await database.pool.connect()
    await holder.query('begin')
    await holder.query(`update poll set status = 'draft', round = 2, revision = 2 where id = $1`, [pollId])
    const asked = tallies.finalise(pollId)
    await waitUntil(async () => (await countWaiting()) === 1)
    await holder.query('commit')
    holder.release()
    expect(await asked).toBe(false)
    expect(await store.find(pollId)).toEqual({ ...poll, status: 'draft', round: 2, revision: 2 })
  })
})

describe('what nobody may have announced', () => {
  test('a poll is unannounced from its recording until the checkpoint says that it was announced', async () => {
    const [first, second] = [await createPoll(), await createPoll()]
    const owner = await takePartition()
    const votes = (poll: Poll) => ({ votes: [voteAt(1, { pollId: poll.id, voter: someVoter(), selection: [1] })] })
    const one = await owner.record(1, votes(first))
    const two = await owner.record(2, votes(second))
    const listed = async (): Promise<readonly string[]> => {
      const all = await tallies.unannounced(0, '', 1000)
      return all.filter((id) => id === first.id || id === second.id)
    }
    await waitUntil(async () => (await listed()).length === 2)
    expect(await listed()).toEqual([first.id, second.id].toSorted())
    await owner.record(2, { announcedUntil: one.recordedAt })
    expect(await listed()).toEqual([second.id])
    await owner.record(2, { announcedUntil: two.recordedAt })
    expect(await listed()).toEqual([])
    // An older moment takes nothing back.
    await owner.record(2, { announcedUntil: one.recordedAt })
    expect(await listed()).toEqual([])
    await owner.record(3, votes(first))
    await waitUntil(async () => (await listed()).length === 1)
  })

  test('a close marker is a change to announce', async () => {
    const { id: pollId } = await createPoll({ status: 'closing' })
    const owner = await takePartition()
    await owner.record(1, { markers: [{ pollId, round: 1, position: positionAt(1) }] })
    await waitUntil(async () => (await tallies.unannounced(0, '', 1000)).includes(pollId))
  })

  test('what was recorded within settledMs is not listed yet', async () => {
    const owner = await takePartition()
    const polls = await Promise.all([createPoll(), createPoll(), createPoll()])
    await owner.record(1, { votes: polls.map((poll) => voteAt(1, { pollId: poll.id, selection: [1] })) })
    expect(await tallies.unannounced(600_000, '', 1000)).toEqual([])
    await waitUntil(async () => (await tallies.unannounced(0, '', 1000)).length >= 3)
  })

  test('page by page all are listed, in the order of their ids, also those that change meanwhile', async () => {
    const owner = await takePartition()
    const polls = await Promise.all(Array.from({ length: 5 }, () => createPoll()))
    const ids = polls.map(({ id }) => id).toSorted()
    const votesIn = (pollIds: readonly string[]) => ({
      votes: pollIds.map((pollId) => voteAt(1, { pollId, voter: someVoter(), selection: [1] })),
    })
    await owner.record(1, votesIn(ids))
    const listed: string[] = []
    for (let entry = 2; entry < 10; entry += 1) {
      const page = await tallies.unannounced(0, listed.at(-1) ?? '', 2)
      expect(page.length).toBeLessThanOrEqual(2)
      if (page.length === 0) break
      listed.push(...page)
      await owner.record(entry, votesIn([ids.at(-1)!]))
    }
    expect(listed).toEqual(listed.toSorted())
    expect(listed.filter((id) => ids.includes(id))).toEqual(ids)
  })

  test('who takes a partition over finds what was left, also when the clock was set back', async () => {
    const { id: pollId } = await createPoll()
    const owner = await takePartition()
    await owner.record(1, { votes: [voteAt(1, { pollId, selection: [1] })] })
    // As if both had happened an hour from now.
    const { partition } = owner.checkpoint()
    await database.pool.query(`update tally set recorded_at = recorded_at + interval '1 h' where poll_id = $1`, [
      pollId,
    ])
    await database.pool.query(`update checkpoint set recorded_at = recorded_at + interval '1 h' where partition = $1`, [
      partition,
    ])
    // The latest commit's own as well.
    expect(await tallies.unannounced(0, '', 1000)).toContain(pollId)
    await owner.record(1)
    expect(await tallies.unannounced(0, '', 1000)).toContain(pollId)
  })
})

describe('recounting', () => {
  test('no difference where tally and ledger agree; the votes of the current round are counted', async () => {
    const poll = await createPoll({ type: 'multiple', maxChoices: 3 })
    const { id: pollId } = poll
    const owner = await takePartition()
    await owner.record(1, {
      votes: [[1, 2], [2], []].map((selection) =>
        voteAt(1, { pollId, voter: someVoter(), selection, kind: selection.length === 0 ? 'retract' : 'cast' }),
      ),
    })
    expect(await tallies.recount(pollId)).toEqual({
      pollId,
      round: 1,
      totalVotes: 2,
      differences: [],
      unregisteredVotes: 0,
      prunedVotes: null,
    })
    await store.save({ ...poll, round: 2, revision: 2 }, 1)
    expect(await tallies.recount(pollId)).toEqual({
      pollId,
      round: 2,
      totalVotes: 0,
      differences: [],
      unregisteredVotes: 0,
      prunedVotes: null,
    })
  })

  test('differences name the option with both counts; the number of votes has no option', async () => {
    const { id: pollId } = await createPoll()
    const owner = await takePartition()
    const votes = [1, 1, 3].map((optionId) => voteAt(1, { pollId, voter: someVoter(), selection: [optionId] }))
    await owner.record(1, { votes })
    await database.pool.query(`update tally set counts = '{2,5}', total_votes = 4 where poll_id = $1`, [pollId])
    expect(await tallies.recount(pollId)).toEqual({
      pollId,
      round: 1,
      totalVotes: 3,
      differences: [
        { optionId: 2, tally: 5, ledger: 0 },
        { optionId: 3, tally: 0, ledger: 1 },
        { optionId: null, tally: 4, ledger: 3 },
      ],
      unregisteredVotes: 0,
      prunedVotes: null,
    })
  })

  test('every round is compared where all are asked for, the latest first, each with its own votes', async () => {
    const poll = await createPoll({ round: 2, revision: 2 })
    const { id: pollId } = poll
    const owner = await takePartition()
    await owner.record(1, {
      votes: [1, 2, 2].map((round) => voteAt(1, { pollId, round, voter: someVoter(), selection: [round] })),
    })
    await store.save({ ...poll, round: 3, revision: 3 }, 2)
    expect(await tallies.recountRounds(pollId)).toEqual([
      { pollId, round: 3, totalVotes: 0, differences: [], unregisteredVotes: 0, prunedVotes: null },
      { pollId, round: 2, totalVotes: 2, differences: [], unregisteredVotes: 0, prunedVotes: null },
      { pollId, round: 1, totalVotes: 1, differences: [], unregisteredVotes: 0, prunedVotes: null },
    ])
    await database.pool.query(`update tally set total_votes = 7 where poll_id = $1 and round = 1`, [pollId])
    await database.pool.query(`delete from tally where poll_id = $1 and round = 2`, [pollId])
    expect((await tallies.recountRounds(pollId)).map(({ differences }) => differences)).toEqual([
      [],
      [
        { optionId: 2, tally: 0, ledger: 2 },
        { optionId: null, tally: 0, ledger: 2 },
      ],
      [{ optionId: null, tally: 7, ledger: 1 }],
    ])
    expect(await tallies.recount(pollId)).toEqual({
      pollId,
      round: 3,
      totalVotes: 0,
      differences: [],
      unregisteredVotes: 0,
      prunedVotes: null,
    })
  })

  test('the tallies of all partitions are summed before they are compared, each with its number of votes', async () => {
    const { id: pollId } = await createPoll({ partitions: 2 })
    const owners = [await takePartition(), await takePartition()]
    for (const [partition, owner] of owners.entries()) {
      await owner.record(1, { votes: [voteAt(1, { pollId, voter: voterNumber(partition), selection: [3] })] })
    }
    expect(await tallies.recount(pollId)).toEqual({
      pollId,
      round: 1,
      totalVotes: 2,
      differences: [],
      unregisteredVotes: 0,
      prunedVotes: null,
    })
    const falsified = owners[1]?.checkpoint().partition
    await database.pool.query('update tally set total_votes = 0 where poll_id = $1 and partition = $2', [
      pollId,
      falsified,
    ])
    expect((await tallies.recount(pollId))?.differences).toEqual([{ optionId: null, tally: 1, ledger: 2 }])
  })

  test('votes of a poll of codes whose voter is not in its register, in the current round, as far as they stand', async () => {
    const poll = await createPoll({ voterIdentity: 'code' })
    const { id: pollId } = poll
    const another = await createPoll({ voterIdentity: 'code' })
    const [ours, elsewhere, nowhere, retracted] = [someVoter(), someVoter(), someVoter(), someVoter()]
    const register = createCodeRegister(database.pool)
    await register.enter(pollId, [ours], 10)
    await register.enter(another.id, [elsewhere], 10)
    const owner = await takePartition()
    const votes = [ours, elsewhere, nowhere].map((voter) => voteAt(1, { pollId, voter, selection: [1] }))
    await owner.record(1, {
      votes: [...votes, voteAt(1, { pollId, voter: retracted, selection: [], kind: 'retract' })],
    })
    expect(await tallies.recount(pollId)).toEqual({
      pollId,
      round: 1,
      totalVotes: 3,
      differences: [],
      unregisteredVotes: 2,
      prunedVotes: null,
    })
    await register.enter(pollId, [elsewhere], 10)
    expect(await tallies.recount(pollId)).toMatchObject({ unregisteredVotes: 1 })
    // What the round before asked its voters for is not known any more.
    await store.save({ ...poll, round: 2, revision: 2 }, 1)
    expect((await tallies.recountRounds(pollId)).map(({ unregisteredVotes }) => unregisteredVotes)).toEqual([0, 0])
    await store.save({ ...poll, voterIdentity: 'session', revision: 3 }, 2)
    expect(await tallies.recount(pollId)).toMatchObject({ round: 1, unregisteredVotes: 0 })
  })

  test('one round that is asked for is as among all of them, the current one included; null for one that has not been', async () => {
    const poll = await createPoll({ round: 2, revision: 2, voterIdentity: 'code' })
    const { id: pollId } = poll
    const owner = await takePartition()
    await owner.record(1, {
      votes: [1, 2, 2].map((round) => voteAt(1, { pollId, round, voter: someVoter(), selection: [round] })),
    })
    await database.pool.query(`update tally set total_votes = 7 where poll_id = $1 and round = 1`, [pollId])
    const [second, first] = await tallies.recountRounds(pollId)
    expect([first, second]).toMatchObject([
      { round: 1, totalVotes: 1, differences: [{ tally: 7, ledger: 1 }], unregisteredVotes: 0 },
      { round: 2, totalVotes: 2, differences: [], unregisteredVotes: 2 },
    ])
    const asked = [0, 1, 2, 3].map(async (round) => tallies.recountRound(pollId, round))
    expect(await Promise.all(asked)).toEqual([null, first, second, null])
  })

  test('null, or no rounds, for an unknown poll', async () => {
    expect(await tallies.recount('unknown')).toBeNull()
    expect(await tallies.recountRound('unknown', 1)).toBeNull()
    expect(await tallies.recountRounds('unknown')).toEqual([])
  })
})

describe('what changed lately', () => {
  test('polls are listed latest change first, at most so many, those before the time left out', async () => {
    const create = () => createPoll({ partitions: 2 })
    const polls = [await create(), await create(), await create(), await create()] as const
    const owners = [await takePartition(), await takePartition()] as const
    const recordAt = async (place: 0 | 1, entry: number, poll: Poll, minutesAgo: number): Promise<void> => {
      await owners[place].record(entry, {
        votes: [voteAt(entry, { pollId: poll.id, voter: voterNumber(place), selection: [1] })],
      })
      await database.pool.query(
        `update tally set recorded_at = clock_timestamp() - $3 * interval '1 min' where poll_id = $1 and partition = $2`,
        [poll.id, owners[place].checkpoint().partition, minutesAgo],
      )
    }
    await recordAt(0, 1, polls[0], 9)
    await recordAt(1, 1, polls[1], 8)
    await recordAt(0, 2, polls[2], 7)
    // Changed at two partitions: listed once, by the later change.
    await recordAt(1, 2, polls[0], 6)
    await recordAt(0, 3, polls[3], 11)
    const mine = new Set(polls.map(({ id }) => id))
    const listed = await tallies.changedLately(600_000, 1000)
    expect(listed.filter((id) => mine.has(id))).toEqual([polls[0].id, polls[2].id, polls[1].id])
    expect(await tallies.changedLately(600_000, 2)).toEqual(listed.slice(0, 2))
  })
})

const countWaiting = async (): Promise<number> => {
  const { rowCount } = await database.pool.query(
    `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
  )
  return rowCount ?? 0
}
