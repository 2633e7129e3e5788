import { beforeEach, expect, test } from 'vitest'
import { createIsReadLate, READING_LIMITS } from '../../src/application/cast-vote/late-reading.ts'
import type { Clock } from '../../src/application/clock.ts'

const { unreadMsMax, overloadUnreadMsMax, overloadMs, promptShareMin } = READING_LIMITS

let time: number
let unreadMs: number
let turnMs: number
let isReadLate: () => boolean

beforeEach(() => {
  time = 0
  const clock: Clock = { now: () => time, after: () => () => undefined }
  isReadLate = createIsReadLate({ unreadMs: () => unreadMs, turnMs: () => turnMs }, clock)
})

/** Whether what may have lain unread for so long is late, in a turn that has gone on for as long. */
const isLateAt = (ms: number): boolean => {
  unreadMs = ms
  turnMs = ms
  return isReadLate()
}

test('what may have lain unread for longer than it should is late, and nothing before', () => {
  expect([isLateAt(overloadUnreadMsMax + 1), isLateAt(unreadMsMax), isLateAt(unreadMsMax + 1)]).toEqual([
    false,
    false,
    true,
  ])
})

test('while overload lasts what has lain unread is late much sooner, and when it is over not any more', () => {
  expect(isLateAt(unreadMsMax + 1)).toBe(true)
  for (let n = 0; n < 3; n += 1) {
    time += overloadMs - 1
    expect([isLateAt(overloadUnreadMsMax), isLateAt(overloadUnreadMsMax + 1)]).toEqual([false, true])
  }
  time += overloadMs
  expect(isLateAt(unreadMsMax)).toBe(false)
})

test('nothing is late in the first part of a turn, however long it has lain: a pause of the machine is no overload', () => {
  unreadMs = 10 * unreadMsMax
  turnMs = promptShareMin * unreadMs
  expect(isReadLate()).toBe(false)
  turnMs += 1
  expect(isReadLate()).toBe(true)
})
