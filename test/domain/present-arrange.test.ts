import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { arrange, barsMax } from '../../web/present/arrange.ts'
import { POLL_LIMITS } from '../../src/domain/poll.ts'

const optionsOf = (count: number) =>
  Array.from({ length: count }, (_, at) => ({ id: at + 1, text: `Option ${at + 1}` }))
const talliedOf = (votes: readonly number[]) => ({
  options: votes.map((count, at) => ({ id: at + 1, votes: count })),
  total_votes: votes.reduce((sum, count) => sum + count, 0),
  results_final: false,
})
const idsByPlace = (arrangement: ReturnType<typeof arrange>): readonly number[] =>
  arrangement.bars.toSorted((a, b) => a.place - b.place).map(({ id }) => id)

describe('what stands where on the big screen', () => {
  test.each([
    [2, 1, 2, 'huge'],
    [3, 1, 3, 'large'],
    [6, 1, 6, 'medium'],
    [7, 2, 4, 'small'],
    [12, 2, 6, 'small'],
    [13, 2, 7, 'tiny'],
    [30, 2, 15, 'least'],
    [100, 2, 15, 'least'],
  ])('%i options: %i columns of %i', (count, columns, rows, size) => {
    expect(arrange(optionsOf(count), null)).toMatchObject({ columns, rows, size, left: Math.max(0, count - barsMax) })
  })

  test('a few keep the order of the poll, however people vote', () => {
    const few = arrange(optionsOf(12), talliedOf([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9]))
    expect(few.isRanked).toBe(false)
    expect(idsByPlace(few)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
  })

  test('of many the most voted stand first, and equal ones in the order of the poll', () => {
    const votes = Array.from({ length: 13 }, () => 1)
    const many = arrange(optionsOf(13), talliedOf(votes.with(4, 3).with(9, 2)))
    expect(many.isRanked).toBe(true)
    expect(idsByPlace(many)).toEqual([5, 10, 1, 2, 3, 4, 6, 7, 8, 9, 11, 12, 13])
    // They stay where they are in the page: only their places change.
    expect(many.bars.map(({ id }) => id)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13])
  })

  test('what nobody shall see leaves no trace: neither number, length, leader nor order', () => {
    const { bars, isRanked } = arrange(optionsOf(40), null)
    expect(isRanked).toBe(false)
    expect(bars.map(({ place }) => place)).toEqual(bars.map((_, at) => at))
    for (const { votes, share, length, isLeading } of bars) {
      expect([votes, share, length, isLeading]).toEqual([null, null, 0, false])
    }
  })

  test('a bar is the share of all votes among few, and of the first among many', () => {
    expect(arrange(optionsOf(2), talliedOf([3, 1])).bars.map(({ length }) => length)).toEqual([0.75, 0.25])
    const many = arrange(optionsOf(13), talliedOf([4, 2, ...Array.from({ length: 11 }, () => 0)]))
    expect(many.bars.slice(0, 2)).toMatchObject([
      { length: 1, share: 4 / 6, isLeading: true },
      { length: 0.5, share: 2 / 6, isLeading: false },
    ])
    expect(arrange(optionsOf(2), talliedOf([0, 0])).bars).toMatchObject([
      { length: 0, share: 0, isLeading: false },
      { length: 0, share: 0, isLeading: false },
    ])
  })

  test('whatever the votes, every bar has a place of its own within the grid and a length within its track', () => {
    const counts = fc.array(fc.nat(1000), { minLength: POLL_LIMITS.optionsMin, maxLength: POLL_LIMITS.optionsMax })
    fc.assert(
      fc.property(counts, (votes) => {
        const { bars, columns, rows, left } = arrange(optionsOf(votes.length), talliedOf(votes))
        expect(bars.length + left).toBe(votes.length)
        expect(new Set(bars.map(({ place }) => place)).size).toBe(bars.length)
        for (const { place, length } of bars) {
          expect(place).toBeLessThan(columns * rows)
          expect(length).toBeGreaterThanOrEqual(0)
          expect(length).toBeLessThanOrEqual(1)
        }
        const shown = new Set(bars.map(({ id }) => id))
        const least = Math.min(...bars.map((bar) => bar.votes ?? 0))
        for (const [at, count] of votes.entries()) if (!shown.has(at + 1)) expect(count).toBeLessThanOrEqual(least)
      }),
    )
  })
})
