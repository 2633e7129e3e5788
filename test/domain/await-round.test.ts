import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Client, Poll } from '../../client/src/index.ts'
import { awaitRound } from '../../web/follow/await-round.ts'

const lookEveryMostMs = 45_000

/** Each wait is drawn; here it is always the longest, so that in that time the poll is looked for once and no more. */
beforeEach(() => {
  vi.useFakeTimers()
  vi.spyOn(Math, 'random').mockReturnValue(1 - Number.EPSILON)
})
afterEach(() => {
  vi.restoreAllMocks()
  vi.useRealTimers()
})

test('the next round of a final poll is heard of once it is there, and not looked for where nobody sees the page', async () => {
  const page = { hidden: false }
  const onRound = vi.fn<() => void>()
  const answers: (() => Promise<Poll>)[] = [
    async () => ({ round: 1 }) as Poll, // Nothing else is looked at.
    async () => Promise.reject(new Error('no connection')),
    async () => ({ round: 2 }) as Poll,
  ]
  const get = vi.fn<Client['get']>(async () => answers.shift()!()) // It is asked three times.
  awaitRound({ get }, 'poll', 1, page, onRound)
  await vi.advanceTimersByTimeAsync(lookEveryMostMs)
  expect(get).toHaveBeenCalledTimes(1)
  page.hidden = true
  await vi.advanceTimersByTimeAsync(10 * lookEveryMostMs)
  expect(get).toHaveBeenCalledTimes(1)
  page.hidden = false
  await vi.advanceTimersByTimeAsync(10 * lookEveryMostMs)
  expect([get.mock.calls.length, onRound.mock.calls.length]).toEqual([3, 1])
})

test('it is not looked for any more once that has ended', async () => {
  const get = vi.fn<Client['get']>()
  awaitRound({ get }, 'poll', 1, { hidden: false }, () => {})()
  await vi.advanceTimersByTimeAsync(10 * lookEveryMostMs)
  expect(get).not.toHaveBeenCalled()
})
