import { expect, test } from 'vitest'
import { positionOf } from '../../src/domain/position.ts'
import { judgeVote, type PositionedVote, type VoteKind } from '../../src/domain/vote.ts'
import { voterNumber } from '../support/some-votes.ts'

const row = { selection: [1], position: positionOf(1, '5-0', 0) }
const voteAt = (entry: number, kind: VoteKind, selection: readonly number[]): PositionedVote => ({
  pollId: 'p',
  round: 1,
  voter: voterNumber(1),
  kind,
  selection,
  position: positionOf(1, `${entry}-0`, 0),
})

test('the first vote is written', () => {
  expect(judgeVote(undefined, voteAt(5, 'cast', [1]))).toBe('write')
})

test.each<[VoteKind, readonly number[]]>([
  ['cast', [2]],
  ['change', [2]],
  ['retract', []],
])('a %s that is read again, or an older one, is ignored', (kind, selection) => {
  expect([4, 5].map((entry) => judgeVote(row, voteAt(entry, kind, selection)))).toEqual(['ignore', 'ignore'])
})

test('a later change or retraction is written', () => {
  expect([judgeVote(row, voteAt(6, 'change', [2])), judgeVote(row, voteAt(6, 'retract', []))]).toEqual([
    'write',
    'write',
  ])
})

test('a later first vote is set aside where it says something else, and written after a retraction', () => {
  expect([
    judgeVote(row, voteAt(6, 'cast', [2])),
    judgeVote(row, voteAt(6, 'cast', [1])),
    judgeVote({ ...row, selection: [] }, voteAt(6, 'cast', [2])),
  ]).toEqual(['set_aside', 'ignore', 'write'])
})
