import { expect, test } from 'vitest'
import { ledgerBatches } from '../../src/application/ledger-batch.ts'
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
  for (const batch of ledgerBatches('ann', checkpoint, '6-0', entries, 0)) {
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
  const batches = ledgerBatches('ann', checkpoint, '3-0', entries, 7)
  expect(batches.map(({ from, to, votes }) => [from.recorded, to, votes.length])).toEqual([
    ['0-0', '2-0', 1],
    ['2-0', '3-0', 1],
  ])
  expect(batches.every(({ announcedUntil }) => announcedUntil === 7)).toBe(true)
})

test('no entries are one empty commit', () => {
  expect(ledgerBatches('ann', checkpoint, '0-0', [], 0)).toHaveLength(1)
})
