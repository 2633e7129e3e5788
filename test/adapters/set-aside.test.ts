import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createPollStore } from '../../src/adapters/postgres/poll-store.ts'
import { createSetAsideVotes } from '../../src/adapters/postgres/set-aside.ts'
import { createTallies } from '../../src/adapters/postgres/tallies.ts'
import { createVoteLedger } from '../../src/adapters/postgres/vote-ledger.ts'
import { encodeVote } from '../../src/adapters/vote-entry.ts'
import { setEntryAside, setVoteAside } from '../../src/application/record-votes/ledger-batch.ts'
import type { Poll } from '../../src/domain/poll.ts'
import { nearestPosition, type Position, positionOf } from '../../src/domain/position.ts'
import type { PositionedVote, Vote, VoterKey } from '../../src/domain/vote.ts'
import type { SetAsidePlace, SetAsideVotes } from '../../src/ports/set-aside.ts'
import type { UnreadableEntry } from '../../src/ports/vote-stream.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { somePoll } from '../support/some-poll.ts'
import { createLedgerOwner, entryNumber, type LedgerOwner, positionAt, someVoter } from '../support/some-votes.ts'

const partition = 0
let database: TestDatabase
let owner: LedgerOwner
let setAside: SetAsideVotes
let lastEntry = 0

beforeAll(async () => {
  database = await createTestDatabase()
  owner = await createLedgerOwner(database.pool, partition)
  setAside = createSetAsideVotes(database.pool)
})
afterAll(() => database.drop())

/** The next vote of the partition's stream; nothing is said of it yet. */
function nextVote(pollId: string, said: Partial<Vote> = {}): PositionedVote {
  lastEntry += 1
  const position = positionAt(lastEntry)
  return { pollId, round: 1, voter: someVoter(), kind: 'cast', selection: [1], position, ...said }
}
const record = async (...votes: readonly PositionedVote[]) => owner.record(lastEntry, { votes })
const keep = async (poll: Poll): Promise<Poll> => {
  await createPollStore(database.pool).create(poll)
  return poll
}
const place = ({ position }: { readonly position: Position }): SetAsidePlace => ({ partition, position })
const outcomesOf = async (...votes: readonly { readonly position: Position }[]) =>
  (await setAside.replay(votes.map(place))).map(({ outcome }) => outcome)
const countsOf = async (pollId: string) => {
  const tallies = createTallies(database.pool)
  expect((await tallies.recount(pollId))?.differences).toEqual([])
  return (await tallies.read([pollId]))[0]?.counts
}
const listed = async (pollId: string) => (await setAside.list(pollId, null, 100))?.items ?? []
/** Everything that a replay could change. */
const everything = async (pollId: string) => {
  const tables = ['vote', 'tally', 'set_aside'].map(
    (table) => `select * from ${table} where poll_id = $1 order by 1, 2, 3`,
  )
  const all = [...tables, 'select * from poll where id = $1']
  return Promise.all(all.map(async (sql) => (await database.pool.query(sql, [pollId])).rows))
}
const markAnnounced = async ({ id, revision }: Poll) => createPollStore(database.pool).markAnnounced(id, revision)
const isUnannounced = async ({ id }: Poll) =>
  (await createPollStore(database.pool).listUnannounced(1000)).some((poll) => poll.id === id)

/** Votes for a poll whose row was lost, and then came back. */
async function lostPoll(...said: readonly Partial<Vote>[]) {
  const poll = somePoll({ closesAt: null })
  const votes = said.map((one) => nextVote(poll.id, one))
  expect(await record(...votes)).toMatchObject({ written: 0, setAside: votes.length })
  return { poll, votes }
}

describe('list', () => {
  test('shows what was set aside, oldest first, in pages, of one poll or at all; a cursor that no page gave is null', async () => {
    const { poll, votes } = await lostPoll({ selection: [1] }, { selection: [2], kind: 'change' }, { selection: [3] })
    await lostPoll({})
    const first = await setAside.list(poll.id, null, 2)
    const second = await setAside.list(poll.id, first?.nextCursor ?? '', 2)
    expect(first?.items).toEqual(
      votes.slice(0, 2).map(({ position, kind, selection }) => ({
        partition,
        position,
        pollId: poll.id,
        reason: 'poll_unknown',
        detail: null,
        content: { type: 'vote', round: 1, kind, selection },
        setAsideAt: expect.any(Number),
        replayed: null,
      })),
    )
    expect(second?.items.map(({ position }) => position)).toEqual([votes[2]?.position])
    expect(second?.nextCursor).toBeNull()
    const all = await setAside.list(null, null, 100)
    expect(new Set(all?.items.map(({ pollId }) => pollId)).size).toBeGreaterThan(1)
    for (const cursor of ['?', Buffer.from('set aside x').toString('base64url')]) {
      expect(await setAside.list(null, cursor, 2)).toBeNull()
    }
  })

  test('never says who voted', async () => {
    const { poll, votes } = await lostPoll({}, {})
    const shown = JSON.stringify(await listed(poll.id))
    for (const { voter } of votes) expect(shown).not.toContain(voter)
  })

  test('of an entry that nobody could read the first bytes are shown, and how many there were', async () => {
    const unread = unreadable(Buffer.alloc(300_000, 7))
    await owner.record(lastEntry, { setAside: setEntryAside(unread, 'too many votes') })
    const item = (await setAside.list(null, null, 100))?.items.find(
      ({ position }) => position === positionAt(lastEntry),
    )
    expect(item).toMatchObject({
      pollId: null,
      reason: 'unreadable',
      detail: 'too many votes',
      content: { type: 'unread', bytes: Buffer.alloc(4096, 7), length: 300_000 },
    })
  })
})

describe('replay', () => {
  test('records what the ledger takes by now, in a tally that equals the ledger; the poll waits to be announced', async () => {
    const { poll, votes } = await lostPoll({ selection: [1] }, { selection: [2] }, { selection: [2] })
    await keep(poll)
    await markAnnounced(poll)
    expect(await setAside.replay(votes.map(place))).toEqual(
      votes.map(({ position }) => ({ partition, position, pollId: poll.id, outcome: 'recorded' })),
    )
    expect(await countsOf(poll.id)).toEqual([1, 2, 0])
    for (const { voter, position } of votes) {
      expect((await createVoteLedger(database.pool).find(poll.id, 1, voter))?.position).toBe(position)
    }
    expect(await isUnannounced(poll)).toBe(true)
    expect((await listed(poll.id)).map(({ replayed }) => replayed?.outcome)).toEqual(Array(3).fill('recorded'))
  })

  test('is answered as the first time when it is asked again, and changes nothing then', async () => {
    const voter = someVoter()
    const { poll, votes } = await lostPoll({ voter }, { selection: [9] }, { selection: [2] })
    await keep(poll)
    const first = await outcomesOf(...votes)
    expect(first).toEqual(['recorded', 'selection_unknown', 'recorded'])
    const before = await everything(poll.id)
    expect(await outcomesOf(...votes)).toEqual(first)
    expect(await everything(poll.id)).toEqual(before)
    // Also where the voter has changed the vote since.
    await record(nextVote(poll.id, { voter, kind: 'change', selection: [3] }))
    expect(await outcomesOf(...votes)).toEqual(first)
    expect(await countsOf(poll.id)).toEqual([0, 1, 1])
  })

  test('an option that was missing makes a vote countable, and only that one', async () => {
    const poll = await keep(somePoll({ closesAt: null }))
    const votes = [nextVote(poll.id, { selection: [4] }), nextVote(poll.id, { selection: [5] })]
    expect(await record(...votes)).toMatchObject({ setAside: 2 })
    expect(await outcomesOf(...votes)).toEqual(['selection_unknown', 'selection_unknown'])
    const options = [...poll.options, { id: 4, text: 'Water', position: 3 }]
    await createPollStore(database.pool).save({ ...poll, options, nextOptionId: 5, revision: 2 }, 1)
    expect(await outcomesOf(...votes)).toEqual(['recorded', 'selection_unknown'])
    expect(await countsOf(poll.id)).toEqual([0, 0, 0, 1])
  })

  test('the first vote stays the one that counts, and a later one is not replaced by an earlier', async () => {
    const poll = await keep(somePoll({ closesAt: null }))
    const [anna, ben] = [someVoter(), someVoter()]
    await record(nextVote(poll.id, { voter: anna, selection: [1] }))
    const second = nextVote(poll.id, { voter: anna, selection: [2] })
    const early = nextVote(poll.id, { voter: ben, selection: [9] })
    expect(await record(second, early)).toMatchObject({ setAside: 2 })
    await record(nextVote(poll.id, { voter: ben, selection: [3], kind: 'change' }))
    const options = [...poll.options, { id: 9, text: 'Water', position: 3 }]
    await createPollStore(database.pool).save({ ...poll, options, nextOptionId: 10, revision: 2 }, 1)
    expect(await outcomesOf(second, early)).toEqual(['already_voted', 'superseded'])
    expect(await countsOf(poll.id)).toEqual([1, 0, 1, 0])
  })

  test('several votes of one voter are judged in the order of their places', async () => {
    const voter = someVoter()
    const { poll, votes: cast } = await lostPoll({ voter, selection: [1] })
    const rest = [
      nextVote(poll.id, { voter, selection: [2] }),
      nextVote(poll.id, { voter, selection: [3], kind: 'change' }),
    ]
    for (const vote of rest) await record(vote)
    await keep(poll)
    const [first, second, changed] = [...cast, ...rest]
    expect(await outcomesOf(changed!, second!, first!)).toEqual(['recorded', 'already_voted', 'recorded']) // there are three
    expect(await countsOf(poll.id)).toEqual([0, 0, 1])
  })

  test.each([
    ['final', { status: 'closed' }, 'poll_final'],
    ['over', { status: 'open', round: 2 }, 'round_over'],
    ['not open', { status: 'draft' }, 'poll_not_open'],
    ['deleted', { status: 'deleted' }, 'poll_unknown'],
  ] as const)('a round that is %s is not changed', async (_what, said, outcome) => {
    const { poll, votes } = await lostPoll({}, { selection: [2] })
    await keep({ ...poll, ...said })
    await markAnnounced(poll)
    const [votesBefore, talliesBefore] = await everything(poll.id)
    expect(await outcomesOf(...votes)).toEqual([outcome, outcome])
    const [votesAfter, talliesAfter] = await everything(poll.id)
    expect([votesAfter, talliesAfter]).toEqual([votesBefore, talliesBefore])
    expect(await isUnannounced(poll)).toBe(false)
  })

  test('while a poll is closing a vote from before counts, until the partition has its close marker', async () => {
    const { poll, votes } = await lostPoll({}, {})
    await keep({ ...poll, status: 'closing' })
    expect(await outcomesOf(votes[0]!)).toEqual(['recorded']) // there are two
    lastEntry += 1
    await owner.record(lastEntry, { markers: [{ pollId: poll.id, round: 1, position: positionAt(lastEntry) }] })
    expect(await outcomesOf(votes[1]!)).toEqual(['poll_closed'])
    expect(await countsOf(poll.id)).toEqual([1, 0, 0])
  })

  test('what the ledger still cannot hold takes nothing along, and counts once that is mended', async () => {
    const poll = await keep(somePoll({ closesAt: null }))
    const votes = [1, 3, 2].map((optionId) => nextVote(poll.id, { selection: [optionId] }))
    const aside = votes.map((vote) => setVoteAside(vote, 'violates a constraint'))
    await owner.record(lastEntry, { setAside: aside })
    await database.pool.query(
      `alter table vote add constraint nobody_now check (poll_id <> '${poll.id}' or selection <> '{3}')`,
    )
    expect(await outcomesOf(...votes)).toEqual(['recorded', 'unreadable', 'recorded'])
    expect(await countsOf(poll.id)).toEqual([1, 1, 0])
    await database.pool.query('alter table vote drop constraint nobody_now')
    expect(await outcomesOf(...votes)).toEqual(['recorded', 'recorded', 'recorded'])
    expect(await countsOf(poll.id)).toEqual([1, 1, 1])
  })

  test('an entry that can be read by now is answered vote by vote, each at its own place', async () => {
    const poll = await keep(somePoll({ closesAt: null }))
    const said = [[1], [9], [2]].map((selection): Vote => ({
      pollId: poll.id,
      round: 1,
      voter: someVoter(),
      kind: 'cast',
      selection,
    }))
    const unread = unreadable(Buffer.concat(said.map(encodeVote)))
    await owner.record(lastEntry, { setAside: setEntryAside(unread, 'no such kind of vote') })
    const places = said.map((_, index) => ({ position: positionOf(1, unread.id, index) }))
    expect(
      (await setAside.replay([place(places[0]!)])).map(({ position, outcome }) => ({ position, outcome })),
    ).toEqual(['recorded', 'selection_unknown', 'recorded'].map((outcome, index) => ({ ...places[index], outcome })))
    expect(await countsOf(poll.id)).toEqual([1, 1, 0])
    expect(await listed(poll.id)).toHaveLength(3)
    expect(await outcomesOf(...places)).toEqual(['recorded', 'selection_unknown', 'recorded'])
    expect(await countsOf(poll.id)).toEqual([1, 1, 0])
  })

  test('what cannot be a vote that counts stays set aside', async () => {
    const poll = await keep(somePoll({ closesAt: null, partitions: 2 }))
    const garbage = unreadable(Buffer.from('whatever'))
    const vote = encodeVote({ pollId: poll.id, round: 1, voter: someVoter(), kind: 'cast', selection: [1] })
    const unversioned = { ...unreadable(vote), content: { ...unreadable(vote).content, formatVersion: Number.NaN } }
    const cut = unreadable(Buffer.concat(Array.from({ length: 8000 }, () => vote)))
    const marker = {
      id: entryNumber((lastEntry += 1)),
      epoch: 1,
      appendedAt: 0,
      content: { type: 'close', pollId: poll.id, round: 1 },
    } as const
    for (const entry of [garbage, unversioned, cut, marker]) {
      await owner.record(lastEntry, { setAside: setEntryAside(entry, 'a fault') })
    }
    const elsewhere = nextVote(poll.id, { voter: '00000001'.padEnd(32, '0') as VoterKey }) // The cast brands 32 digits.
    await owner.record(lastEntry, { setAside: [setVoteAside(elsewhere, 'a fault')] })
    // An id that somebody wrote by hand, in microseconds.
    const beyond = { position: nearestPosition(1, '1732456789000000-5', 0) }
    const here = nextVote(poll.id, { voter: '00000002'.padEnd(32, '0') as VoterKey }) // The cast brands 32 digits.
    await owner.record(lastEntry, { setAside: [setVoteAside({ ...here, ...beyond }, 'a fault')] })
    const entries = [garbage, unversioned, cut, marker].map(({ id }) => ({ position: positionOf(1, id, 0) }))
    expect(await outcomesOf(...entries, elsewhere, beyond, { position: positionAt(999_999) })).toEqual([
      'unreadable',
      'unreadable',
      'unreadable',
      'not_a_vote',
      'partition_wrong',
      'unreadable',
      'not_set_aside',
    ])
    expect(await countsOf(poll.id)).toEqual([0, 0, 0])
  })
})

/** The next entry of the partition's stream, which nobody can read. */
function unreadable(bytes: Buffer) {
  lastEntry += 1
  const content: UnreadableEntry = { type: 'unreadable', reason: 'a fault', formatVersion: 1, meaning: 'votes', bytes }
  return { id: entryNumber(lastEntry), epoch: 1, appendedAt: 0, content }
}
