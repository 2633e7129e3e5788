import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { createPollStore } from '../../src/adapters/postgres/poll-store.ts'
import { createTallies } from '../../src/adapters/postgres/tallies.ts'
import { createVoteLedger } from '../../src/adapters/postgres/vote-ledger.ts'
import {
  foldForLedger,
  ledgerBatch,
  ledgerCommits,
  setVoteAside,
} from '../../src/application/record-votes/ledger-batch.ts'
import type { Vote } from '../../src/domain/vote.ts'
import type { CloseMarker } from '../../src/ports/vote-ledger.ts'
import type { EntryContent, StreamEntry } from '../../src/ports/vote-stream.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { somePoll } from '../support/some-poll.ts'
import {
  createLedgerOwner,
  emptyLedger,
  entryNumber,
  type LedgerOwner,
  positionAt,
  someVoter,
  voteAt,
  voterNumber,
} from '../support/some-votes.ts'

let database: TestDatabase
let lastPartition = -1

beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())
beforeEach(async () => {
  await emptyLedger(database.pool)
  lastPartition = -1
})

const createClosingPoll = async (partitions = 1): Promise<string> => {
  const poll = somePoll({ status: 'closing', partitions })
  await createPollStore(database.pool).create(poll)
  return poll.id
}
const takePartition = (): Promise<LedgerOwner> => createLedgerOwner(database.pool, (lastPartition += 1))
const markerAt = (entry: number, pollId: string, round = 1): CloseMarker => ({
  pollId,
  round,
  position: positionAt(entry),
})
const tallyOf = async (pollId: string) => {
  const tallies = createTallies(database.pool)
  expect((await tallies.recount(pollId))?.differences).toEqual([])
  const [tally] = await tallies.read([pollId])
  return { counts: tally?.counts, version: tally?.version, resultsFinal: tally?.resultsFinal }
}
const readSetAside = async (pollId: string) => {
  const { rows } = await database.pool.query<{ reason: string; position: string }>(
    `select reason, encode(position, 'hex') as position from set_aside where poll_id = $1 order by position`,
    [pollId],
  )
  return rows
}
/** Its first round, as `npm run prune` leaves it. */
const prune = async (pollId: string): Promise<void> => {
  await database.pool.query('insert into pruned_round (poll_id, round, votes) values ($1, 1, 1)', [pollId])
  await database.pool.query('delete from vote where poll_id = $1 and round = 1', [pollId])
  await database.pool.query('delete from set_aside where poll_id = $1', [pollId])
}
/** All that is kept of the first round, and the voters of all. */
const readRound = async (pollId: string) => {
  const { rows } = await database.pool.query('select * from tally where poll_id = $1 and round = 1', [pollId])
  return [rows, (await database.pool.query('select * from vote where poll_id = $1', [pollId])).rows]
}
const readClosedPosition = async (pollId: string): Promise<string | undefined> => {
  const { rows } = await database.pool.query<{ position: string }>(
    `select encode(closed_position, 'hex') as position from tally where poll_id = $1 and round = 1`,
    [pollId],
  )
  return rows[0]?.position
}

test('a vote that comes after the recorded close marker is set aside, and the final result stays', async () => {
  const owner = await takePartition()
  const pollId = await createClosingPoll()
  const [anna, ben] = [voterNumber(1), voterNumber(2)]
  await owner.record(2, {
    votes: [voteAt(1, { pollId, voter: anna, selection: [1] }), voteAt(2, { pollId, voter: ben, selection: [2] })],
  })
  await owner.record(3, { markers: [markerAt(3, pollId)] })
  expect(await createTallies(database.pool).finalise(pollId)).toBe(true)
  const final = await tallyOf(pollId)
  const late = [
    voteAt(4, { pollId, voter: someVoter(), selection: [3] }),
    voteAt(5, { pollId, voter: anna, selection: [3], kind: 'change' }),
    voteAt(6, { pollId, voter: ben, selection: [], kind: 'retract' }),
  ]
  expect(await owner.record(6, { votes: late })).toMatchObject({ written: 0, setAside: 3, pollIds: [] })
  expect(await tallyOf(pollId)).toEqual(final)
  expect(await readSetAside(pollId)).toEqual(late.map(({ position }) => ({ reason: 'poll_closed', position })))
})

test('a late vote that a stream with an older clock gave a lower place is set aside too', async () => {
  const owner = await takePartition()
  const pollId = await createClosingPoll()
  await owner.record(5, { markers: [markerAt(5, pollId)] })
  await owner.raiseEpoch()
  expect(await owner.record(3, { votes: [voteAt(3, { pollId, selection: [1] })] })).toMatchObject({ setAside: 1 })
  expect((await tallyOf(pollId)).counts).toEqual([0, 0, 0])
})

test('what counts already is neither changed nor set aside when the stream is read again after the close', async () => {
  const owner = await takePartition()
  const pollId = await createClosingPoll()
  const cast = voteAt(1, { pollId, selection: [1] })
  const change = voteAt(2, { pollId, selection: [2], kind: 'change' })
  await owner.record(1, { votes: [cast] })
  await owner.record(2, { votes: [change] })
  await owner.record(3, { markers: [markerAt(3, pollId)] })
  const before = await tallyOf(pollId)
  await owner.raiseEpoch()
  for (const [entry, vote] of [cast, change].entries()) await owner.record(entry + 1, { votes: [vote] })
  // The same first vote, let in again by a door that fell back: it counts, where it stood first.
  const again = voteAt(1, { pollId, selection: [2] }, 2)
  expect(await owner.record(9, { votes: [again] })).toMatchObject({ written: 0, setAside: 0 })
  expect(await readSetAside(pollId)).toEqual([])
  expect(await tallyOf(pollId)).toEqual(before)
})

test.each([
  ['closed', `status = 'closed'`],
  ['reset', `status = 'draft', round = 2`],
  ['deleted', `status = 'deleted'`],
])('nothing of a round that was %s and pruned is recorded or set aside again', async (end, change) => {
  const owner = await takePartition()
  const pollId = await createClosingPoll()
  const twoFirst = [voteAt(1, { pollId, selection: [1] }), voteAt(2, { pollId, selection: [2] })]
  const nextRound = voteAt(4, { pollId, round: 2, selection: [2] })
  const { votes, setAside } = foldForLedger([...twoFirst, nextRound])
  const unrecordable = setVoteAside(voteAt(3, { pollId, voter: someVoter(), selection: [2] }), 'nobody can hold it')
  const batch = { votes, setAside: [...setAside, unrecordable] }
  const markers = end === 'closed' ? [markerAt(5, pollId)] : []
  expect(await owner.record(5, { ...batch, markers })).toMatchObject({ written: 2, setAside: 2 })
  await database.pool.query(`update poll set ${change} where id = $1`, [pollId])
  await prune(pollId)
  const before = await readRound(pollId)

  await owner.raiseEpoch()
  expect(await owner.record(5, batch)).toMatchObject({ written: 0, setAside: 0 })
  const changed = voteAt(6, { pollId, selection: [2], kind: 'change' })
  expect(await owner.record(6, { votes: [changed] })).toMatchObject({ written: 0, setAside: 0 })
  expect(owner.checkpoint().recorded).toBe(entryNumber(6))
  expect(await readRound(pollId)).toEqual(before)
  expect(await readSetAside(pollId)).toEqual([])
})

test('votes count that stand before the marker of their round, also within its batch, and in another round or partition', async () => {
  const [owner, other] = [await takePartition(), await takePartition()]
  const pollId = await createClosingPoll(2)
  const before = voteAt(1, { pollId, voter: voterNumber(0), selection: [1] })
  expect(await owner.record(2, { votes: [before], markers: [markerAt(2, pollId)] })).toMatchObject({ written: 1 })
  const elsewhere = voteAt(9, { pollId, voter: voterNumber(1), selection: [2] })
  expect(await other.record(9, { votes: [elsewhere] })).toMatchObject({ written: 1, setAside: 0 })
  const earlierRound = voteAt(3, { pollId, voter: voterNumber(2), selection: [1], round: 2 })
  expect(await owner.record(3, { votes: [earlierRound] })).toMatchObject({ written: 1, setAside: 0 })
})

test('the first marker closes: one that is recorded again at a later place does not let in what stands between', async () => {
  const owner = await takePartition()
  const pollId = await createClosingPoll()
  await owner.record(1, { markers: [markerAt(1, pollId)] })
  const between = voteAt(2, { pollId, selection: [1] })
  await owner.record(3, { votes: [between], markers: [markerAt(3, pollId)] })
  expect(await readClosedPosition(pollId)).toBe(positionAt(1))
  expect(await readSetAside(pollId)).toEqual([{ reason: 'poll_closed', position: between.position }])
})

test('entries that are read together count up to the marker of their round, and not behind it', async () => {
  const owner = await takePartition()
  const [pollId, openId] = [await createClosingPoll(), await createClosingPoll()]
  const entry = (number: number, content: EntryContent): StreamEntry => ({
    id: entryNumber(number),
    epoch: 1,
    appendedAt: 0,
    content,
  })
  const vote = (said: Partial<Vote> = {}): Vote => ({
    pollId,
    round: 1,
    voter: someVoter(),
    kind: 'cast',
    selection: [1],
    ...said,
  })
  const entries = [
    entry(1, { type: 'votes', votes: [vote()] }),
    entry(2, { type: 'close', pollId, round: 1 }),
    entry(3, { type: 'votes', votes: [vote(), vote({ pollId: openId })] }),
    entry(4, { type: 'close', pollId, round: 1 }),
    entry(5, { type: 'votes', votes: [vote()] }),
  ]
  const ledger = createVoteLedger(database.pool)
  let checkpoint = owner.checkpoint()
  for (const commit of ledgerCommits(entries, entryNumber(5))) {
    const recorded = await ledger.record(ledgerBatch(owner.name, checkpoint, commit, 0))
    if (recorded === 'fenced') throw new Error('fenced')
    checkpoint = recorded.checkpoint
  }
  expect(checkpoint.recorded).toBe('5-0')
  expect((await tallyOf(pollId)).counts).toEqual([1, 0, 0])
  expect((await tallyOf(openId)).counts).toEqual([1, 0, 0])
  expect(await readSetAside(pollId)).toEqual(
    [3, 5].map((number) => ({ reason: 'poll_closed', position: positionAt(number) })),
  )
})
