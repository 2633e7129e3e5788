import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createSeldom } from '../../web/poll/seldom.ts'

const everyMs = 10_000

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('however often it is asked for, it is said once in its time, and again only when that is asked for', () => {
  const speak = vi.fn<() => void>()
  const seldom = createSeldom(speak, everyMs)
  for (let asked = 0; asked < 10; asked += 1) seldom.soon()
  vi.advanceTimersByTime(everyMs - 1)
  expect(speak).not.toHaveBeenCalled()
  vi.advanceTimersByTime(10 * everyMs)
  expect(speak).toHaveBeenCalledTimes(1)
  seldom.soon()
  vi.advanceTimersByTime(everyMs)
  expect(speak).toHaveBeenCalledTimes(2)
})

test('nothing is said, and no timer waits, once that has ended', () => {
  const speak = vi.fn<() => void>()
  const seldom = createSeldom(speak, everyMs)
  seldom.soon()
  seldom.stop()
  expect(vi.getTimerCount()).toBe(0)
  vi.advanceTimersByTime(everyMs)
  expect(speak).not.toHaveBeenCalled()
})
