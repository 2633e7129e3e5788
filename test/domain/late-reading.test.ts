import { beforeEach, expect, test } from 'vitest'
import { createIsReadLate, READING_LIMITS } from '../../src/application/cast-vote/late-reading.ts'
import type { Clock } from '../../src/application/clock.ts'

const { unreadMsMax, overloadUnreadMsMax, overloadMs, promptShareMin, promptVotesMin } = READING_LIMITS

let time: number
let turn: number
let unreadMs: number
let turnMs: number
let isReadLate: () => boolean

beforeEach(() => {
  time = 0
  turn = 0
  const clock: Clock = { now: () => time, after: () => () => undefined }
  isReadLate = createIsReadLate({ turn: () => turn, unreadMs: () => unreadMs, turnMs: () => turnMs }, clock)
})

/** In a new turn that has let in so many votes. */
const letIn = (votes: number): void => {
  turn += 1
  unreadMs = 0
  turnMs = 0
  for (let n = 0; n < votes; n += 1) expect(isReadLate()).toBe(false)
}

/** Whether what may have lain unread for so long is late, in a turn that has gone on for as long. */
const isLateAt = (ms: number): boolean => {
  unreadMs = ms
  turnMs = ms
  return isReadLate()
}

test('what may have lain unread for longer than it should is late, and nothing before', () => {
  letIn(promptVotesMin)
  expect([isLateAt(overloadUnreadMsMax + 1), isLateAt(unreadMsMax), isLateAt(unreadMsMax + 1)]).toEqual([
    false,
    false,
    true,
  ])
})

test('while overload lasts what has lain unread is late much sooner, and when it is over not any more', () => {
  letIn(promptVotesMin)
  expect(isLateAt(unreadMsMax + 1)).toBe(true)
  for (let n = 0; n < 3; n += 1) {
    time += overloadMs - 1
    letIn(promptVotesMin)
    expect([isLateAt(overloadUnreadMsMax), isLateAt(overloadUnreadMsMax + 1)]).toEqual([false, true])
  }
  time += overloadMs
  letIn(promptVotesMin)
  expect(isLateAt(unreadMsMax)).toBe(false)
})

test('nothing is late in the first part of a turn, however long it has lain: a pause of the machine is no overload', () => {
  letIn(promptVotesMin)
  unreadMs = 10 * unreadMsMax
  turnMs = promptShareMin * unreadMs
  expect(isReadLate()).toBe(false)
  turnMs += 1
  expect(isReadLate()).toBe(true)
})

test('the first votes of a turn are never late, and few in a turn that is long for something else keep no overload up', () => {
  letIn(promptVotesMin)
  expect(isLateAt(unreadMsMax + 1)).toBe(true)
  for (let n = 0; n < 3; n += 1) {
    time += overloadMs - 1
    letIn(0)
    const told = Array.from({ length: promptVotesMin }, () => isLateAt(10 * unreadMsMax))
    expect(told).not.toContain(true)
  }
  letIn(promptVotesMin)
  expect(isLateAt(unreadMsMax)).toBe(false)
})
