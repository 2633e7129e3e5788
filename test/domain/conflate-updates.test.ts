import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createConflation } from '../../src/application/watch-poll/conflate-updates.ts'
import { createManualClock } from '../support/manual-clock.ts'

test('the first change is published at once, the next ones together after the interval', () => {
  const clock = createManualClock()
  const at: number[] = []
  const conflation = createConflation(100, clock, () => at.push(clock.now()))
  conflation.changed()
  expect(at).toEqual([0])
  expect(clock.waiting()).toBe(0)
  for (let change = 0; change < 5; change += 1) {
    clock.pass(10)
    conflation.changed()
  }
  clock.pass(500)
  expect(at).toEqual([0, 100])
  expect(clock.waiting()).toBe(0)
  conflation.changed()
  expect(at).toEqual([0, 100, 550])
})

test('nothing is published after a stop', () => {
  const clock = createManualClock()
  let published = 0
  const conflation = createConflation(100, clock, () => (published += 1))
  conflation.changed()
  conflation.changed()
  conflation.stop()
  clock.pass(1000)
  expect([published, clock.waiting()]).toEqual([1, 0])
})

test('whenever changes come, publications keep their distance and the last change is published within the interval', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 250 }), { minLength: 1, maxLength: 50 }), (pauses) => {
      const clock = createManualClock()
      let newest = 0
      const published: { at: number; newest: number }[] = []
      const conflation = createConflation(100, clock, () => published.push({ at: clock.now(), newest }))
      for (const pause of pauses) {
        clock.pass(pause)
        newest += 1
        conflation.changed()
      }
      clock.pass(100)
      expect(published.at(-1)?.newest).toBe(newest)
      for (const [index, { at }] of published.entries()) {
        if (index > 0) expect(at - published[index - 1]!.at).toBeGreaterThanOrEqual(100)
      }
    }),
  )
})
