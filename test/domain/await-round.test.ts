import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type Client, type Poll, TallycastError } from '../../client/src/index.ts'
import { awaitRound } from '../../web/follow/await-round.ts'

const firstLookMs = 30_000
/** A look after each of so many waits, each twice as long as the one before. */
const looksWithinMs = (looks: number): number => (2 ** looks - 1) * firstLookMs

/** Each wait is drawn; here it is always the mean. */
beforeEach(() => {
  vi.useFakeTimers()
  vi.spyOn(Math, 'random').mockReturnValue(0.5)
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
  await vi.advanceTimersByTimeAsync(firstLookMs)
  expect(get).toHaveBeenCalledTimes(1)
  page.hidden = true
  await vi.advanceTimersByTimeAsync(10 * firstLookMs)
  expect(get).toHaveBeenCalledTimes(1)
  page.hidden = false
  await vi.advanceTimersByTimeAsync(10 * firstLookMs)
  expect([get.mock.calls.length, onRound.mock.calls.length]).toEqual([3, 1])
})

test('it is not looked for any more once that has ended', async () => {
  const get = vi.fn<Client['get']>()
  awaitRound({ get }, 'poll', 1, { hidden: false }, () => {})()
  await vi.advanceTimersByTimeAsync(10 * firstLookMs)
  expect(get).not.toHaveBeenCalled()
})

test('it is looked for half as often each time, and at last every eight minutes or so', async () => {
  const get = vi.fn<Client['get']>(async () => ({ round: 2 }) as Poll)
  awaitRound({ get }, 'poll', 2, { hidden: false }, () => {})
  for (const looks of [1, 2, 3, 4, 5]) {
    await vi.advanceTimersByTimeAsync(looksWithinMs(looks) - looksWithinMs(looks - 1) - 1)
    expect(get).toHaveBeenCalledTimes(looks - 1)
    await vi.advanceTimersByTimeAsync(1)
    expect(get).toHaveBeenCalledTimes(looks)
  }
  await vi.advanceTimersByTimeAsync(10 * 16 * firstLookMs)
  expect(get).toHaveBeenCalledTimes(15)
})

test.each([
  ['an api that is behind tells of an earlier round', async () => ({ round: 1 }) as Poll, 3],
  ['the poll is gone, and then no more', async () => Promise.reject(gone), 1],
])('nothing is called back where %s', async (_, answer, looks) => {
  const onRound = vi.fn<() => void>()
  const get = vi.fn<Client['get']>(answer)
  awaitRound({ get }, 'poll', 2, { hidden: false }, onRound)
  await vi.advanceTimersByTimeAsync(looksWithinMs(3))
  expect([get.mock.calls.length, onRound.mock.calls.length]).toEqual([looks, 0])
})

const gone = new TallycastError({ code: 'poll_not_found', status: 404, detail: 'No such poll.' })
