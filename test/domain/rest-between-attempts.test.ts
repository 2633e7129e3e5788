import { expect, test } from 'vitest'
import { restMs } from '../../src/application/record-votes/rest-between-attempts.ts'

const middle = (): number => 0.5

test('a worker waits twice as long after each attempt in a row that failed, up to a limit', () => {
  expect([0, 1, 2, 3, 4, 5, 1_000].map((failures) => restMs(0, failures, middle))).toEqual([
    500, 500, 1_000, 2_000, 4_000, 4_000, 4_000,
  ])
})

test('who owns more waits longer, so that workers that start together share', () => {
  expect([0, 1, 5].map((owned) => restMs(owned, 0, middle))).toEqual([500, 700, 1_500])
})

test('workers that failed together do not come back together', () => {
  expect([restMs(0, 9, () => 0), restMs(0, 9, () => 1)]).toEqual([2_000, 6_000])
})
