import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createFirstRequests } from '../../src/domain/first-requests.ts'

const periodMs = 1_000

test('a key that is alone is counted exactly, for at least a period and at most two', () => {
  const firsts = createFirstRequests(periodMs)
  expect([0, 10, 999].map((at) => firsts.count('a', at))).toEqual([1, 2, 3])
  expect(firsts.count('a', 1_000)).toBe(4)
  // Those of the first period are forgotten with the one after.
  expect(firsts.count('a', 2_000)).toBe(2)
  expect(firsts.count('a', 60_000)).toBe(1)
})

test('no count is lower than what came under the key within the last period, whatever else comes', () => {
  const request = fc.record({ key: fc.constantFrom('a', 'b', 'c', 'd', 'e'), afterMs: fc.nat(700) })
  fc.assert(
    fc.property(fc.array(request, { maxLength: 80 }), (requests) => {
      // So few places that keys share them.
      const firsts = createFirstRequests(periodMs, 2)
      const asked: { readonly key: string; readonly at: number }[] = []
      let now = 0
      for (const { key, afterMs } of requests) {
        now += afterMs
        asked.push({ key, at: now })
        const lately = asked.filter((one) => one.key === key && one.at > now - periodMs).length
        expect(firsts.count(key, now)).toBeGreaterThanOrEqual(lately)
      }
    }),
  )
})

test('it holds no more than its places, and a count that is full stays full', () => {
  const firsts = createFirstRequests(periodMs, 1)
  for (let n = 0; n < 1_000; n += 1) firsts.count(`key ${n}`, 0)
  expect(firsts.count('another', 0)).toBe(255)
})
