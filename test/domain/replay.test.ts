import { expect, test } from 'vitest'
import type { PollStatus } from '../../src/domain/poll.ts'
import { judgeReplay } from '../../src/domain/replay.ts'
import type { VoterKey } from '../../src/domain/vote.ts'

// The cast brands 32 hexadecimal digits; of two partitions the second one is this voter's.
const vote = { round: 2, voter: '00000001'.padEnd(32, '0') as VoterKey }

test.each<[PollStatus, ReturnType<typeof judgeReplay>]>([
  ['draft', 'poll_not_open'],
  ['scheduled', 'poll_not_open'],
  ['open', null],
  ['closing', null],
  ['closed', 'poll_final'],
  ['deleted', 'poll_unknown'],
])('of a poll that is %s a vote of the current round is judged as %s', (status, outcome) => {
  expect(judgeReplay({ status, round: 2, partitions: 2 }, vote, 1)).toBe(outcome)
})

test('a vote of another round, of another partition, or of no poll is never recorded', () => {
  const poll = { status: 'open', round: 2, partitions: 2 } as const
  expect(judgeReplay(poll, { ...vote, round: 1 }, 1)).toBe('round_over')
  expect(judgeReplay(poll, { ...vote, round: 3 }, 1)).toBe('poll_not_open')
  expect(judgeReplay(poll, vote, 0)).toBe('partition_wrong')
  expect(judgeReplay(undefined, vote, 1)).toBe('poll_unknown')
})
