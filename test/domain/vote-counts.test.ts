import { describe, expect, test } from 'vitest'
import { countRows, leadingRow } from '../../web/vote/counts.ts'
import { statusOf } from '../../web/follow/status.ts'
import { hasBegun, nextChange } from '../../web/vote/status.ts'

const options = ['Tea', 'Coffee', 'Neither'].map((text, index) => ({ id: index + 1, text, position: index, votes: 0 }))
const tallyOf = (votes: readonly number[], total: number | null = votes.reduce((sum, one) => sum + one, 0)) => ({
  options: votes.map((count, index) => ({ id: index + 1, votes: total === null ? null : count })),
  total_votes: total,
  results_final: false,
})

describe('the rows', () => {
  test('show counts, their share of all votes, and whose choice it is', () => {
    expect(countRows({ options }, tallyOf([1, 3]), [2])).toEqual([
      { id: 1, text: 'Tea', votes: 1, share: 0.25, isMine: false, hasWon: false },
      { id: 2, text: 'Coffee', votes: 3, share: 0.75, isMine: true, hasWon: false },
      // The tally does not know it yet.
      { id: 3, text: 'Neither', votes: 0, share: 0, isMine: false, hasWon: false },
    ])
  })

  test('are shares of the votes, of which each may have chosen several options', () => {
    expect(countRows({ options }, tallyOf([2, 2, 1], 2), null).map(({ share }) => share)).toEqual([1, 1, 0.5])
  })

  test('of no votes are no shares of nothing', () => {
    expect(countRows({ options }, tallyOf([0, 0, 0]), null).map(({ share }) => share)).toEqual([0, 0, 0])
  })

  test('of hidden results have neither', () => {
    for (const { votes, share } of countRows({ options }, tallyOf([0, 0, 0], null), null)) {
      expect([votes, share]).toEqual([null, null])
    }
  })

  test('have winners when the result is final, and not before; nobody wins without a vote', () => {
    const final = (votes: readonly number[]) =>
      countRows({ options }, { ...tallyOf(votes), results_final: true }, null).map(({ hasWon }) => hasWon)
    expect(final([2, 1, 2])).toEqual([true, false, true])
    expect(final([0, 0, 0])).toEqual([false, false, false])
  })

  test('have a leader once there is a vote: the first of the most voted', () => {
    expect(leadingRow(countRows({ options }, tallyOf([1, 2, 2]), null))?.text).toBe('Coffee')
    expect(leadingRow(countRows({ options }, tallyOf([0, 0, 0]), null))).toBeNull()
  })
})

describe('where a poll stands', () => {
  test('is what the newer of definition and tally says', () => {
    const poll = { status: 'scheduled', revision: 2 } as const
    expect(statusOf({ tally: { status: 'open', revision: 3 }, isGone: false }, poll)).toBe('open')
    expect(statusOf({ tally: { status: 'draft', revision: 1 }, isGone: false }, poll)).toBe('scheduled')
  })

  test('says whether anybody could have voted', () => {
    const statuses = ['draft', 'scheduled', 'open', 'closing', 'closed'] as const
    expect(statuses.filter(hasBegun)).toEqual(['open', 'closing', 'closed'])
  })

  test('has a next change where one comes by itself', () => {
    const times = { opens_at: '2030-01-01T12:00:00Z', closes_at: '2030-01-01T13:00:00Z' }
    expect(nextChange('scheduled', times)).toEqual({ at: times.opens_at, isOpening: true })
    expect(nextChange('open', times)).toEqual({ at: times.closes_at, isOpening: false })
    expect(nextChange('open', { opens_at: null, closes_at: null })).toBeNull()
    expect(nextChange('closed', times)).toBeNull()
  })
})
