import { expect, test } from 'vitest'
import { percentilesOf } from '../../bench/figure.ts'

test('a percentile is one of the values that were measured; where none was, there is none that could meet a goal', () => {
  const values = Array.from({ length: 100 }, (_, at) => 100 - at)
  expect(percentilesOf(values)).toMatchObject({ p50: 51, p95: 96, p100: 100 })
  expect(percentilesOf([7])).toMatchObject({ p50: 7, p100: 7 })
  expect(() => percentilesOf([])).toThrow('nothing')
})
