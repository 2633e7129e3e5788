import { expect, test } from 'vitest'
import { ledgerBatch, ledgerCommits } from '../../src/application/record-votes/ledger-batch.ts'
import type { EntryId } from '../../src/domain/position.ts'
import { positionOf } from '../../src/domain/position.ts'
import { judgeVote, type LedgerVote, type Vote, type VoterKey } from '../../src/domain/vote.ts'
import type { StreamEntry } from '../../src/ports/vote-stream.ts'

// The cast brands 32 hexadecimal digits.
const voter = '00000001'.padEnd(32, '0') as VoterKey
const checkpoint = { partition: 0, epoch: 2, recorded: '0-0' as EntryId }

function entry(id: EntryId, epoch: number, vote: Pick<Vote, 'kind' | 'selection'>): StreamEntry {
  return { id, epoch, appendedAt: 0, content: { type: 'votes', votes: [{ pollId: 'p', round: 1, voter, ...vote }] } }
}

test('after a lost log a new vote is not folded into the replay of an old one', () => {
  // The ledger has seen the voter retract; the log that came back ends before that, and the voter has voted again.
  let row: LedgerVote | undefined = { selection: [], position: positionOf(1, '5-0', 0) }
  const entries = [entry('1-0', 1, { kind: 'cast', selection: [1] }), entry('6-0', 2, { kind: 'cast', selection: [1] })]
  for (const commit of ledgerCommits(entries, '6-0')) {
    const batch = ledgerBatch('ann', checkpoint, commit, 0)
    for (const vote of batch.votes) if (judgeVote(row, vote) === 'write') row = vote
  }
  expect(row.selection).toEqual([1])
})

test('the entries of one epoch are one commit; each further epoch begins where the one before ended', () => {
  const entries = [
    entry('1-0', 1, { kind: 'cast', selection: [1] }),
    entry('2-0', 1, { kind: 'change', selection: [2] }),
    entry('3-0', 2, { kind: 'change', selection: [3] }),
  ]
  const commits = ledgerCommits(entries, '3-0')
  expect(commits.map((commit) => [commit.entries.length, commit.to])).toEqual([
    [2, '2-0'],
    [1, '3-0'],
  ])
  const [batch] = commits.map((commit) => ledgerBatch('ann', checkpoint, commit, 7))
  expect(batch).toMatchObject({ owner: 'ann', from: checkpoint, to: '2-0', announcedUntil: 7 })
  expect(batch?.votes.map((vote) => vote.selection)).toEqual([[2]])
})

test('a second first vote of one batch is set aside with its place, and the first one counts', () => {
  const entries = [entry('1-0', 1, { kind: 'cast', selection: [1] }), entry('2-0', 1, { kind: 'cast', selection: [2] })]
  const batch = ledgerBatch('ann', checkpoint, { entries, to: '2-0' }, 0)
  expect(batch.votes.map((vote) => vote.selection)).toEqual([[1]])
  expect(batch.setAside).toMatchObject([
    {
      position: positionOf(1, '2-0', 0),
      pollId: 'p',
      reason: 'already_voted',
      payload: expect.stringContaining('[2]'),
    },
  ])
})

test('no entries are one empty commit', () => {
  expect(ledgerCommits([], '0-0')).toEqual([{ entries: [], to: '0-0' }])
})

test('a vote behind the marker of its round begins a commit; votes of other polls, and of the next round, do not', () => {
  const close = (id: EntryId): StreamEntry => ({
    id,
    epoch: 1,
    appendedAt: 0,
    content: { type: 'close', pollId: 'p', round: 1 },
  })
  const other = { id: '3-0', epoch: 1, appendedAt: 0 } as const
  const vote: Vote = { pollId: 'other', round: 1, voter, kind: 'cast', selection: [1] }
  const entries: StreamEntry[] = [
    entry('1-0', 1, { kind: 'cast', selection: [1] }),
    close('2-0'),
    { ...other, content: { type: 'votes', votes: [vote, { ...vote, pollId: 'p', round: 2 }] } },
    close('4-0'),
    entry('5-0', 1, { kind: 'change', selection: [2] }),
    entry('6-0', 1, { kind: 'change', selection: [3] }),
  ]
  expect(ledgerCommits(entries, '6-0').map((commit) => commit.to)).toEqual(['4-0', '6-0'])
})

test('an entry that no position reaches is set aside vote by vote, and its neighbours are recorded', () => {
  const far = entry('18446744073709551615-18446744073709551615', 1, { kind: 'cast', selection: [1] })
  const entries = [entry('1-0', 1, { kind: 'cast', selection: [1] }), far]
  const batch = ledgerBatch('ann', checkpoint, { entries, to: far.id }, 0)
  expect(batch.votes).toHaveLength(1)
  expect(batch.setAside).toMatchObject([
    { pollId: 'p', reason: 'unreadable', position: `00000001${'f'.repeat(20)}0000` },
  ])
})

test('a close marker goes into the batch with the place of its entry', () => {
  const close: StreamEntry = {
    id: '2-0',
    epoch: 1,
    appendedAt: 0,
    content: { type: 'close', pollId: 'p', round: 1 },
  }
  const entries = [entry('1-0', 1, { kind: 'cast', selection: [1] }), close]
  const batch = ledgerBatch('ann', checkpoint, { entries, to: '2-0' }, 0)
  expect(batch.markers).toEqual([{ pollId: 'p', round: 1, position: positionOf(1, '2-0', 0) }])
  expect(batch.votes).toHaveLength(1)
})
