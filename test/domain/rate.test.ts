import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { charge, type Rate, waitOf } from '../../src/domain/rate.ts'

const rate: Rate = { amount: 60, periodMs: 60_000 }

/** Asks at each of these moments; which of them passed. */
function passedOf(asked: Rate, moments: readonly number[]): readonly number[] {
  let freshAt = 0
  return moments.filter((now) => {
    if (waitOf(asked, freshAt, now) > 0) return false
    freshAt = charge(asked, freshAt, now)
    return true
  })
}

const times = (count: number, now: number): readonly number[] => Array.from({ length: count }, () => now)

test('the whole amount may pass at once, and not one more', () => {
  for (const amount of [1, 7, 60, 20_000]) {
    for (const now of [0, 1_000_000.123]) {
      expect(passedOf({ amount, periodMs: 60_000 }, times(amount + 5, now))).toHaveLength(amount)
    }
  }
})

test('who has used all is told when the next one may pass, and it passes then and not before', () => {
  const freshAt = times(60, 5_000).reduce((before, now) => charge(rate, before, now), 0)
  expect(waitOf(rate, freshAt, 5_000)).toBe(1_000)
  expect(waitOf(rate, freshAt, 5_990)).toBe(10)
  expect(waitOf(rate, freshAt, 6_000)).toBe(0)
})

test('after a period without a request it is as if nothing had been asked', () => {
  expect(passedOf(rate, [...times(60, 0), ...times(61, 60_000)])).toHaveLength(120)
})

describe('whatever is asked, and when', () => {
  const asked = fc.record({
    amount: fc.integer({ min: 1, max: 50 }),
    periodMs: fc.integer({ min: 10, max: 100_000 }),
    gaps: fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 5_000 })), { maxLength: 200 }),
  })
  const momentsOf = (gaps: readonly number[]): readonly number[] => {
    let now = 1_000_000
    return gaps.map((gap) => (now += gap))
  }

  test('in no window more pass than the amount and what it gives back', () => {
    fc.assert(
      fc.property(asked, ({ gaps, ...limit }) => {
        const passed = passedOf(limit, momentsOf(gaps))
        for (const [first, from] of passed.entries()) {
          for (const [last, to] of passed.entries()) {
            const most = limit.amount + ((to - from) / limit.periodMs) * limit.amount
            if (last >= first) expect(last - first + 1).toBeLessThanOrEqual(Math.floor(most + 0.01))
          }
        }
      }),
    )
  })

  test('as many pass as out of a bucket that holds the amount and is filled evenly', () => {
    fc.assert(
      fc.property(asked, ({ gaps, ...limit }) => {
        const moments = momentsOf(gaps)
        let level = limit.amount
        let before = moments[0] ?? 0
        const fromBucket = moments.filter((now) => {
          level = Math.min(limit.amount, level + ((now - before) * limit.amount) / limit.periodMs)
          before = now
          if (level < 1 - 0.001) return false
          level -= 1
          return true
        })
        expect(passedOf(limit, moments)).toEqual(fromBucket)
      }),
    )
  })
})
