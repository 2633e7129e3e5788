import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createRecentMap } from '../../src/domain/recent-map.ts'

test('what was put in is there for as long as it is to be kept, and gone after twice that', () => {
  const recent = createRecentMap<string>({ keptMs: 100, keysMax: 10 })
  recent.put('a', 'one', 1_000)
  expect(recent.get('a', 1_099)).toBe('one')
  recent.put('b', 'two', 1_099)
  expect(recent.get('a', 1_150)).toBe('one')
  expect(recent.get('b', 1_199)).toBe('two')
  expect(recent.get('a', 1_200)).toBeUndefined()
  expect(createRecentMap<string>({ keptMs: 100, keysMax: 10 }).get('a', 5)).toBeUndefined()
})

test('the newest value is there, and put in again it is kept anew', () => {
  const recent = createRecentMap<number>({ keptMs: 100, keysMax: 10 })
  for (let now = 0; now < 1_000; now += 90) recent.put('a', now, now)
  expect(recent.get('a', 1_050)).toBe(990)
})

test('of so many keys the newest are there and the oldest are not', () => {
  const recent = createRecentMap<number>({ keptMs: 1_000, keysMax: 10 })
  for (let key = 0; key < 1_000; key += 1) recent.put(`${key}`, key, 1)
  const there = Array.from({ length: 1_000 }, (_, key) => recent.get(`${key}`, 1)).filter((key) => key !== undefined)
  expect(there.length).toBeGreaterThanOrEqual(10)
  expect(there.length).toBeLessThanOrEqual(20)
  expect(there.at(-1)).toBe(999)
})

test('never more than twice the most is there, whatever comes and when', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 50 }))), (puts) => {
      const recent = createRecentMap<true>({ keptMs: 100, keysMax: 5 })
      let now = 0
      for (const [key, gap] of puts) {
        now += gap
        recent.put(`${key}`, true, now)
        expect(recent.get(`${key}`, now)).toBe(true)
      }
      const there = Array.from({ length: 61 }, (_, key) => recent.get(`${key}`, now)).filter(Boolean)
      expect(there.length).toBeLessThanOrEqual(10)
    }),
  )
})
