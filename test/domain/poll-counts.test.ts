import { beforeAll, describe, expect, test } from 'vitest'
import { useLanguage } from '../../web/i18n/in-use.ts'
import english from '../../web/messages/en.json' with { type: 'json' }
import { type Counted, countOptions, leadingOption } from '../../web/poll/count-options.ts'
import { describeCounts } from '../../web/poll/describe-counts.ts'

beforeAll(() => useLanguage(english, 'en'))

const options = ['Tea', 'Coffee', 'Neither'].map((text, index) => ({ id: index + 1, text }))
const sumOf = (votes: readonly number[]): number => votes.reduce((sum, one) => sum + one, 0)
const tallyOf = (votes: readonly number[], more: Partial<Counted> = {}): Counted => ({
  options: votes.map((count, index) => ({ id: index + 1, votes: count })),
  total_votes: sumOf(votes),
  results_final: false,
  ...more,
})
const hidden: Counted = {
  options: options.map(({ id }) => ({ id, votes: null })),
  total_votes: null,
  results_final: true,
}

describe('the options of a poll', () => {
  test('have their votes, their share of all votes, and whether they lead', () => {
    expect(countOptions(options, tallyOf([1, 3]))).toEqual([
      { id: 1, text: 'Tea', votes: 1, share: 0.25, isLeading: false, hasWon: false },
      { id: 2, text: 'Coffee', votes: 3, share: 0.75, isLeading: true, hasWon: false },
      // The tally does not know it yet.
      { id: 3, text: 'Neither', votes: 0, share: 0, isLeading: false, hasWon: false },
    ])
  })

  test('are counted by what they are, in whatever order the tally has them', () => {
    const turned = { ...tallyOf([]), options: [3, 1, 2].map((id) => ({ id, votes: id })), total_votes: 6 }
    expect(countOptions(options, turned).map(({ votes }) => votes)).toEqual([1, 2, 3])
  })

  test('are shares of the votes, of which each may have chosen several options', () => {
    const counted = countOptions(options, tallyOf([2, 2, 1], { total_votes: 2 }))
    expect(counted.map(({ share }) => share)).toEqual([1, 1, 0.5])
  })

  test('of no votes are no shares of nothing', () => {
    expect(countOptions(options, tallyOf([0, 0, 0])).map(({ share }) => share)).toEqual([0, 0, 0])
  })

  test.each([
    ['hidden', hidden],
    ['not to be seen', null],
  ])('whose result is %s have neither count nor share, and no one leads or wins', (_, counted) => {
    const nothing = { votes: null, share: null, isLeading: false, hasWon: false }
    expect(countOptions(options, counted)).toEqual(options.map((option) => ({ ...option, ...nothing })))
  })

  test('have winners when the result is final, and not before; nobody wins without a vote', () => {
    const final = (votes: readonly number[]) =>
      countOptions(options, tallyOf(votes, { results_final: true })).map(({ hasWon }) => hasWon)
    expect(final([2, 1, 2])).toEqual([true, false, true])
    expect(final([0, 0, 0])).toEqual([false, false, false])
  })

  test('have a leader once there is a vote: the first of the most voted', () => {
    expect(leadingOption(countOptions(options, tallyOf([1, 2, 2])))?.text).toBe('Coffee')
    expect(leadingOption(countOptions(options, tallyOf([0, 0, 0])))).toBeNull()
  })
})

test('who cannot see the bars hears who is first, of no votes that nobody is, and of a hidden result nothing', () => {
  const told = (counted: Counted) => describeCounts(countOptions(options, counted), counted.total_votes)
  expect([told(tallyOf([1, 3])), told(tallyOf([0, 0])), told(hidden)]).toEqual([
    '4 votes. First: Coffee, 75%.',
    '0 votes',
    '',
  ])
})
