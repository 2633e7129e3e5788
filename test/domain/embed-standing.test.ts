import { expect, test } from 'vitest'
import type { TallyMessage } from '../../contract/messages.ts'
import { judgeChoice, standingOf } from '../../web/embed/standing.ts'

type Known = Parameters<typeof standingOf>[0]

const poll = {
  status: 'open',
  total_votes: 1,
  results_final: false,
  options: [
    { id: 1, text: 'Tea', position: 1, votes: 1 },
    { id: 2, text: 'Coffee', position: 2, votes: 0 },
  ],
} as Partial<Known> as Known // What the standing is made of.
const tallyOf = (one: number | null, other: number | null, more: Partial<TallyMessage> = {}): TallyMessage =>
  ({
    status: 'open',
    total_votes: one === null || other === null ? null : one + other,
    results_final: false,
    options: [
      { id: 2, votes: other },
      { id: 1, votes: one },
    ],
    ...more,
  }) as TallyMessage // Likewise.
const shown = (tally: TallyMessage | null) =>
  standingOf(poll, tally).options.map(({ text, votes, share, isWinner }) => [text, votes, share, isWinner])

test('the tally counts, and before it comes what the definition brought', () => {
  expect(shown(null)).toEqual([
    ['Tea', 1, 1, false],
    ['Coffee', 0, 0, false],
  ])
  expect(shown(tallyOf(1, 3))).toEqual([
    ['Tea', 1, 0.25, false],
    ['Coffee', 3, 0.75, false],
  ])
})

test('where results are hidden there is neither count nor share nor winner, whatever was known before', () => {
  const hidden = tallyOf(null, null, { status: 'closed', results_final: true })
  expect(standingOf(poll, hidden)).toMatchObject({ status: 'closed', isFinal: true, totalVotes: null })
  expect(shown(hidden)).toEqual([
    ['Tea', null, null, false],
    ['Coffee', null, null, false],
  ])
})

test('a final result has its winners, and none where nobody voted', () => {
  const winners = (one: number, other: number) =>
    standingOf(poll, tallyOf(one, other, { results_final: true })).options.map(({ isWinner }) => isWinner)
  expect([winners(2, 1), winners(2, 2), winners(0, 0)]).toEqual([
    [true, false],
    [true, true],
    [false, false],
  ])
})

test('a choice is sent that the poll takes', () => {
  const limits = { min_choices: 2, max_choices: 3 }
  expect([0, 1, 2, 3, 4].map((chosen) => judgeChoice(limits, chosen))).toEqual([
    'nothing',
    'too_few',
    'good',
    'good',
    'too_many',
  ])
})
