import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createPollStore } from '../../src/adapters/postgres/poll-store.ts'
import { createTallies } from '../../src/adapters/postgres/tallies.ts'
import { createVoteLedger } from '../../src/adapters/postgres/vote-ledger.ts'
import { setVoteAside } from '../../src/application/record-votes/ledger-batch.ts'
import type { Poll } from '../../src/domain/poll.ts'
import { partitionOf, type VoterKey } from '../../src/domain/vote.ts'
import type { VoteLedger } from '../../src/ports/vote-ledger.ts'
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

let database: TestDatabase
let ledger: VoteLedger
let tallies: Tallies
let lastPartition = -1

beforeAll(async () => {
  database = await createTestDatabase()
  ledger = createVoteLedger(database.pool)
  tallies = createTallies(database.pool)
})
afterAll(() => database.drop())
beforeEach(async () => {
  await emptyLedger(database.pool)
  lastPartition = -1
})

const createPoll = async (said: Partial<Poll> = {}): Promise<Poll> => {
  const poll = somePoll(said)
  await createPollStore(database.pool).create(poll)
  return poll
}
/** Of a test, partition 0 first, then 1. */
const takePartition = (): Promise<LedgerOwner> => createLedgerOwner(database.pool, (lastPartition += 1))
const tallyOf = async (pollId: string): Promise<{ counts: readonly number[]; totalVotes: number; version: number }> => {
  const [tally] = await tallies.read([pollId])
  if (tally === undefined) throw new Error(`no tally of ${pollId}`)
  // What stands in the ledger is held against it on each look.
  expect((await tallies.recount(pollId))?.differences).toEqual([])
  return { counts: tally.counts, totalVotes: tally.totalVotes, version: tally.version }
}
const readSetAside = async (
  pollId: string,
): Promise<readonly { reason: string; position: string; payload: unknown }[]> => {
  const { rows } = await database.pool.query<{ reason: string; position: string; payload: string }>(
    `select reason, encode(position, 'hex') as position, payload from set_aside where poll_id = $1 order by position`,
    [pollId],
  )
  return rows.map((row) => ({ ...row, payload: JSON.parse(row.payload) }))
}

describe('one batch is one transaction', () => {
  test('votes, tallies, close markers, set-aside votes and the checkpoint change together', async () => {
    const owner = await takePartition()
    const poll = await createPoll({ type: 'multiple', maxChoices: 3, status: 'closing' })
    const votes = [
      voteAt(1, { pollId: poll.id, voter: voterNumber(1), selection: [1] }),
      voteAt(2, { pollId: poll.id, voter: voterNumber(2), selection: [1, 3] }),
      voteAt(3, { pollId: poll.id, voter: voterNumber(3), selection: [], kind: 'retract' }),
      voteAt(4, { pollId: poll.id, voter: voterNumber(4), selection: [9] }),
    ]
    const recorded = await owner.record(6, {
      votes,
      markers: [{ pollId: poll.id, round: 1, position: positionAt(5) }],
      setAside: [{ position: positionAt(6), pollId: null, reason: 'unreadable', payload: 'ff' }],
    })
    expect(recorded).toEqual({
      checkpoint: { partition: owner.checkpoint().partition, epoch: 1, recorded: '6-0' },
      pollIds: [poll.id],
      written: 3,
      setAside: 2,
      // The other one is no vote.
      named: [{ pollId: poll.id, round: 1, voter: voterNumber(4), position: positionAt(4) }],
      recordedAt: expect.any(Number),
    })
    expect(await tallyOf(poll.id)).toEqual({ counts: [2, 0, 1], totalVotes: 2, version: 1 + 3 })
    expect(await readSetAside(poll.id)).toHaveLength(1)
    expect(await tallies.finalise(poll.id)).toBe(true)
  })

  test('a batch that fails leaves nothing, throws the cause, and can be recorded once it is mended', async () => {
    const owner = await takePartition()
    const poll = await createPoll({ status: 'closing' })
    const content = {
      // Two of one voter, which no statement can write; and one before them that could be.
      votes: [
        ...[1, 2].map((entry) => voteAt(entry, { pollId: poll.id, kind: 'change', selection: [entry] })),
        voteAt(3, { pollId: poll.id, voter: voterNumber(2), selection: [3] }),
      ],
      markers: [{ pollId: poll.id, round: 1, position: positionAt(3) }],
      setAside: [{ position: positionAt(4), pollId: poll.id, reason: 'unreadable', payload: '""' }] as const,
    }
    await expect(owner.record(4, content)).rejects.toThrow('cannot affect row a second time')
    await owner.lookAgain()
    expect(owner.checkpoint().recorded).toBe('0-0')
    expect(await tallyOf(poll.id)).toEqual({ counts: [0, 0, 0], totalVotes: 0, version: 1 })
    expect(await readSetAside(poll.id)).toEqual([])
    expect(await tallies.finalise(poll.id)).toBe(false)
    expect(await ledger.find(poll.id, 1, voterNumber(1))).toBeNull()
    expect(await ledger.find(poll.id, 1, voterNumber(2))).toBeNull()
    await owner.record(4, { ...content, votes: content.votes.slice(0, 1) })
    expect((await tallyOf(poll.id)).counts).toEqual([1, 0, 0])
  })

  test('an empty batch moves the checkpoint alone', async () => {
    const owner = await takePartition()
    const { pollIds, written, setAside } = await owner.record(3)
    expect({ pollIds, written, setAside }).toEqual({ pollIds: [], written: 0, setAside: 0 })
    await owner.record(3)
    expect(owner.checkpoint().recorded).toBe('3-0')
  })

  test('of two batches the later one has the higher recordedAt, also within a millisecond', async () => {
    const owner = await takePartition()
    const times: number[] = []
    for (let entry = 1; entry <= 30; entry += 1) times.push((await owner.record(entry)).recordedAt)
    expect(times).toEqual([...new Set(times)].toSorted((a, b) => a - b))
  })
})

describe('votes by the rule of judgeVote', () => {
  const [anna, ben] = [voterNumber(1), voterNumber(2)]

  test('another first vote is set aside with its reason and place, and the first one counts', async () => {
    const owner = await takePartition()
    const { id: pollId } = await createPoll()
    await owner.record(1, { votes: [voteAt(1, { pollId, selection: [1] })] })
    const recorded = await owner.record(2, { votes: [voteAt(2, { pollId, selection: [2] })] })
    expect(recorded).toMatchObject({ written: 0, setAside: 1, pollIds: [] })
    expect(await ledger.find(pollId, 1, anna)).toEqual({ selection: [1], position: positionAt(1) })
    expect(await tallyOf(pollId)).toEqual({ counts: [1, 0, 0], totalVotes: 1, version: 2 })
    const payload = { round: 1, voter: anna, kind: 'cast', selection: [2] }
    expect(await readSetAside(pollId)).toEqual([{ reason: 'already_voted', position: positionAt(2), payload }])
  })

  test('the same first vote at a later place changes nothing, not even the place', async () => {
    const owner = await takePartition()
    const { id: pollId } = await createPoll()
    await owner.record(1, { votes: [voteAt(1, { pollId, selection: [1] })] })
    expect(await owner.record(2, { votes: [voteAt(2, { pollId, selection: [1] })] })).toMatchObject({
      written: 0,
      setAside: 0,
    })
    expect((await ledger.find(pollId, 1, anna))?.position).toBe(positionAt(1))
  })

  test('a change moves the vote, a retract takes it out and keeps the row, a cast after it counts again', async () => {
    const owner = await takePartition()
    const { id: pollId } = await createPoll()
    await owner.record(1, { votes: [voteAt(1, { pollId, selection: [1] })] })
    await owner.record(2, { votes: [voteAt(2, { pollId, selection: [3], kind: 'change' })] })
    expect(await tallyOf(pollId)).toEqual({ counts: [0, 0, 1], totalVotes: 1, version: 3 })
    await owner.record(3, { votes: [voteAt(3, { pollId, selection: [], kind: 'retract' })] })
    expect(await tallyOf(pollId)).toEqual({ counts: [0, 0, 0], totalVotes: 0, version: 4 })
    expect(await ledger.find(pollId, 1, anna)).toEqual({ selection: [], position: positionAt(3) })
    await owner.record(4, { votes: [voteAt(4, { pollId, selection: [2] })] })
    expect(await tallyOf(pollId)).toEqual({ counts: [0, 1, 0], totalVotes: 1, version: 5 })
  })

  test('a vote that is delivered again, or an older one, counts once', async () => {
    const owner = await takePartition()
    const { id: pollId } = await createPoll()
    const change = voteAt(2, { pollId, selection: [2], kind: 'change' })
    await owner.record(2, { votes: [change] })
    await owner.record(3, { votes: [change] })
    await owner.record(4, { votes: [voteAt(1, { pollId, selection: [1], kind: 'change' })] })
    expect(await tallyOf(pollId)).toEqual({ counts: [0, 1, 0], totalVotes: 1, version: 2 })
  })

  test('a vote of a higher epoch is the later one, whatever its entry id', async () => {
    const owner = await takePartition()
    const { id: pollId } = await createPoll()
    await owner.record(500, { votes: [voteAt(500, { pollId, selection: [1] })] })
    await owner.raiseEpoch()
    await owner.record(2, { votes: [voteAt(2, { pollId, selection: [2], kind: 'change' }, 2)] })
    expect(await ledger.find(pollId, 1, anna)).toEqual({ selection: [2], position: positionAt(2, 2) })
  })

  test('a vote for an unknown poll, or for an option that the poll has not, is set aside; its neighbours count', async () => {
    const owner = await takePartition()
    const { id: pollId } = await createPoll({ type: 'multiple', maxChoices: 3, options: somePoll().options.slice(1) })
    const unknownPoll = `gone\0${pollId}`
    const recorded = await owner.record(6, {
      votes: [
        voteAt(1, { pollId: unknownPoll, selection: [1] }),
        voteAt(2, { pollId, voter: someVoter(), selection: [2, 4] }),
        voteAt(3, { pollId, voter: someVoter(), selection: [1] }),
        voteAt(4, { pollId, voter: someVoter(), selection: [0] }),
        voteAt(5, { pollId, voter: someVoter(), selection: [70_000] }),
        voteAt(6, { pollId, voter: ben, selection: [2, 3] }),
      ],
    })
    expect(recorded).toMatchObject({ written: 1, setAside: 5, pollIds: [pollId] })
    expect((await readSetAside(pollId)).map((one) => one.reason)).toEqual(Array(4).fill('selection_unknown'))
    expect((await readSetAside(unknownPoll.replace('\0', '\uFFFD'))).map((one) => one.reason)).toEqual(['poll_unknown'])
    expect(await tallyOf(pollId)).toEqual({ counts: [1, 1], totalVotes: 1, version: 2 })
  })

  test('a vote is set aside once, and two partitions may set aside at the same place', async () => {
    const [owner, other] = [await takePartition(), await takePartition()]
    const { id: pollId } = await createPoll({ partitions: 2 })
    const votesOf = (voter: VoterKey) => [voteAt(1, { pollId, voter, selection: [8] })]
    const setAside = [{ position: positionAt(2), pollId, reason: 'unreadable', payload: '"\0"' }] as const
    expect(await owner.record(2, { votes: votesOf(ben), setAside })).toMatchObject({ setAside: 2 })
    expect(await owner.record(3, { votes: votesOf(ben), setAside })).toMatchObject({ setAside: 0 })
    expect(await other.record(2, { votes: votesOf(anna), setAside })).toMatchObject({ setAside: 2 })
    expect(await readSetAside(pollId)).toHaveLength(4)
  })

  test('of those that are set aside the first ten are named, each once, of whichever kind', async () => {
    const owner = await takePartition()
    const { id: pollId } = await createPoll()
    const wrong = (entry: number) => voteAt(entry, { pollId, voter: someVoter(), selection: [8] })
    const [judged, unrecordable] = [[wrong(1), wrong(2)], Array.from({ length: 10 }, (_, at) => wrong(3 + at))]
    const batch = {
      votes: [voteAt(20, { pollId, selection: [1] }), ...judged],
      setAside: [
        { position: positionAt(15), pollId, reason: 'unreadable', payload: '{"round":1,"closes":true}' } as const,
        ...unrecordable.map((vote) => setVoteAside(vote, 'nobody can hold it')),
      ],
    }
    const names = [...judged, ...unrecordable].map(({ round, voter, position }) => ({ pollId, round, voter, position }))
    expect(await owner.record(20, batch)).toMatchObject({ written: 1, setAside: 13, named: names.slice(0, 10) })
    expect(await owner.record(21, batch)).toMatchObject({ setAside: 0, named: [] })
  })

  test("a vote in a partition that is not its voter's is set aside with its reason; its neighbours count", async () => {
    const { id: pollId } = await createPoll({ partitions: 3 })
    // The highest and the lowest keys, too: the first four bytes have no sign.
    const edges = ['f', '0', '8'].map((digit) => digit.repeat(32) as VoterKey)
    const voters = [...edges, ...Array.from({ length: 30 }, someVoter)]
    const votes = voters.map((voter, index) => voteAt(index + 1, { pollId, voter, selection: [1] }))
    for (const partition of [0, 1, 2]) {
      const owner = await takePartition()
      const written = voters.filter((voter) => partitionOf(voter, 3) === partition).length
      const recorded = await owner.record(100, { votes })
      expect(recorded).toMatchObject({ written, setAside: voters.length - written })
    }
    expect(await tallyOf(pollId)).toEqual({ counts: [33, 0, 0], totalVotes: 33, version: 34 })
    expect((await readSetAside(pollId)).map(({ reason }) => reason)).toEqual(Array(66).fill('partition_wrong'))
  })
})

describe('rounds', () => {
  test('votes of an earlier round are kept under their round, out of the tally, and the version grows over the reset', async () => {
    const owner = await takePartition()
    const poll = await createPoll()
    const { id: pollId } = poll
    const stays = voteAt(1, { pollId, voter: voterNumber(3), selection: [2] })
    await owner.record(1, { votes: [voteAt(1, { pollId, selection: [1] }), stays] })
    const before = await tallyOf(pollId)
    // The reset removes the option that the vote chose, and adds one.
    const options = [...poll.options.slice(1), { id: 4, text: 'Water', position: 3 }]
    const reset = { ...poll, round: 2, revision: 2, options, nextOptionId: 5 }
    await createPollStore(database.pool).save(reset, 1)
    const empty = await tallyOf(pollId)
    expect(empty).toEqual({ counts: [0, 0, 0], totalVotes: 0, version: before.version + 1 })
    // One of round 1 was still under way.
    const late = voteAt(2, { pollId, voter: voterNumber(2), selection: [1] })
    const fresh = voteAt(3, { pollId, selection: [4], round: 2 })
    expect(await owner.record(3, { votes: [late, fresh] })).toMatchObject({ written: 2, setAside: 0 })
    // No option of any round ever had these ids.
    const wrong = [0, 5].map((optionId) => voteAt(4 + optionId, { pollId, voter: someVoter(), selection: [optionId] }))
    expect(await owner.record(9, { votes: wrong })).toMatchObject({ written: 0, setAside: 2 })
    expect(await tallyOf(pollId)).toEqual({ counts: [0, 0, 1], totalVotes: 1, version: empty.version + 2 })
    expect(await ledger.find(pollId, 1, voterNumber(1))).toEqual({ selection: [1], position: positionAt(1) })
    expect(await ledger.find(pollId, 1, voterNumber(2))).toEqual({ selection: [1], position: positionAt(2) })
    expect(await ledger.find(pollId, 2, voterNumber(1))).toEqual({ selection: [4], position: positionAt(3) })
  })
})

test('a tally grows with the options of its poll', async () => {
  const owner = await takePartition()
  const poll = await createPoll()
  const { id: pollId } = poll
  await owner.record(1, { votes: [voteAt(1, { pollId, selection: [1] })] })
  const options = [...poll.options, { id: 4, text: 'Water', position: 3 }]
  await createPollStore(database.pool).save({ ...poll, revision: 2, options, nextOptionId: 5 }, 1)
  expect((await tallyOf(pollId)).counts).toEqual([1, 0, 0, 0])
  await owner.record(2, { votes: [voteAt(2, { pollId, voter: someVoter(), selection: [4] })] })
  expect((await tallyOf(pollId)).counts).toEqual([1, 0, 0, 1])
})

describe('the rows of the ledger', () => {
  test("find shows the voter's row, null where there is none", async () => {
    const owner = await takePartition()
    const { id: pollId } = await createPoll({ type: 'multiple', maxChoices: 3 })
    const voter = someVoter()
    await owner.record(1, { votes: [voteAt(1, { pollId, voter, selection: [1, 3] })] })
    expect(await ledger.find(pollId, 1, voter)).toEqual({ selection: [1, 3], position: positionAt(1) })
    expect(await ledger.find(pollId, 2, voter)).toBeNull()
    expect(await ledger.find('unknown', 1, voter)).toBeNull()
    expect(await ledger.find(pollId, 1, someVoter())).toBeNull()
  })

  test('voters are all of a round whose partition this is, in pages of at most pageSize', async () => {
    const owner = await takePartition()
    const { id: pollId } = await createPoll()
    // The highest and the lowest keys, too: the first four bytes have no sign.
    const edges = ['f', '0', '8'].map((digit) => digit.repeat(32) as VoterKey)
    const voters = [...edges, ...Array.from({ length: 60 }, someVoter)]
    const votes = voters.map((voter, index) => voteAt(index + 1, { pollId, voter, selection: [1] }))
    await owner.record(100, {
      votes: [...votes, voteAt(99, { pollId, selection: [1], round: 2, voter: someVoter() })],
    })
    await owner.record(101, { votes: [voteAt(101, { pollId, voter: edges[0]!, selection: [], kind: 'retract' })] })
    for (const pageSize of [1, 7, 1000]) {
      for (const partition of [0, 1, 2]) {
        const found = []
        for await (const page of ledger.voters(pollId, 1, partition, 3, pageSize)) {
          expect(page.length).toBeGreaterThan(0)
          expect(page.length).toBeLessThanOrEqual(pageSize)
          found.push(...page)
        }
        const expected = voters.filter((voter) => partitionOf(voter, 3) === partition).toSorted()
        expect(found.map((one) => one.voter)).toEqual(expected)
        for (const one of found) {
          const { selection, position } = one
          expect({ selection, position }).toEqual(await ledger.find(pollId, 1, one.voter))
        }
      }
    }
  })
})
