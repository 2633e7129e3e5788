import { expect, test } from 'vitest'
import { createCountViewers, VIEWER_LIMITS } from '../../src/application/count-viewers.ts'
import type { ViewerCounts } from '../../src/ports/viewer-counts.ts'
import { somePoll } from '../support/some-poll.ts'
import { someTally } from '../support/some-tally.ts'

/** One process, whose viewers the test says, and a store that keeps what it tells. */
function start() {
  const viewers = new Map<string, number>()
  const kept = new Map<string, number>()
  const calls: number[] = []
  const faults: unknown[] = []
  let isKnown = false
  let isAway = false
  let reads = 0
  let time = 1_000
  const viewerCounts: ViewerCounts = {
    async tell(_process, changed) {
      if (isAway) throw new Error('away')
      calls.push(changed.length)
      const wasKnown = isKnown
      isKnown = true
      for (const [pollId, count] of changed) {
        if (count === 0) kept.delete(pollId)
        else kept.set(pollId, count)
      }
      return wasKnown
    },
    async read(pollId) {
      reads += 1
      return kept.get(pollId) ?? 0
    },
  }
  const turn = Promise.withResolvers<void>()
  let rested = turn
  let wake = Promise.withResolvers<void>()
  const stopping = new AbortController()
  const countViewers = createCountViewers({
    watchPoll: {
      get: async (id) => (id === 'gone' ? null : { poll: somePoll({ id }), tally: someTally({ pollId: id }) }),
      viewerCounts: () => viewers,
    },
    viewerCounts,
    report: (fault) => void faults.push(fault),
    async sleep(ms) {
      expect(ms).toBe(VIEWER_LIMITS.tellEveryMs)
      rested.resolve()
      await wake.promise
    },
    now: () => time,
  })
  const running = countViewers.run(stopping.signal)
  return {
    viewers,
    kept,
    calls,
    faults,
    count: async (pollId: string) => countViewers.count(pollId),
    reads: () => reads,
    pass: (ms: number): void => void (time += ms),
    lose: (): void => {
      kept.clear()
      isKnown = false
    },
    setAway: (away: boolean): void => void (isAway = away),
    /** The next time that it tells is over. */
    told: async (): Promise<void> => {
      await rested.promise
      rested = Promise.withResolvers<void>()
      const woken = wake
      wake = Promise.withResolvers<void>()
      woken.resolve()
      await rested.promise
    },
    stop: async (): Promise<void> => {
      stopping.abort()
      wake.resolve()
      await running
    },
  }
}

test('what has changed is told and nothing else, what has not is confirmed, and nobody hears of a process that nobody watches', async () => {
  const { viewers, kept, calls, told, stop } = start()
  await told()
  expect(calls).toEqual([])
  viewers.set('a', 3).set('b', 1)
  await told()
  await told()
  viewers.set('a', 4)
  await told()
  viewers.clear()
  await told()
  expect(kept.size).toBe(0)
  await told()
  expect(calls).toEqual([2, 0, 1, 2])
  await stop()
})

test('what the store has lost is told anew, all of it', async () => {
  const { viewers, kept, told, lose, stop } = start()
  viewers.set('a', 3).set('b', 1)
  await told()
  lose()
  viewers.set('b', 2)
  await told()
  await told()
  expect(Object.fromEntries(kept)).toEqual({ a: 3, b: 2 })
  await stop()
})

test('while the store is away that is reported, and afterwards it has what is so by then', async () => {
  const { viewers, kept, faults, told, setAway, stop } = start()
  viewers.set('a', 3).set('b', 1)
  await told()
  setAway(true)
  viewers.delete('a')
  viewers.set('c', 5)
  await told()
  viewers.delete('c')
  await told()
  expect(faults).toHaveLength(2)
  setAway(false)
  await told()
  expect(Object.fromEntries(kept)).toEqual({ b: 1 })
  await stop()
})

test('10,000 polls are told in calls of a bounded size, and only once', async () => {
  const { viewers, kept, calls, told, stop } = start()
  for (let poll = 0; poll < 10_000; poll += 1) viewers.set(`poll-${poll}`, 1)
  await told()
  await told()
  expect(calls).toEqual([...Array.from({ length: 10 }, () => VIEWER_LIMITS.pollsPerCall), 0])
  expect(kept.size).toBe(10_000)
  await stop()
})

test('however many ask, the store is asked once in a while; a poll that is not there has no number', async () => {
  const { viewers, count, reads, told, pass, stop } = start()
  viewers.set('a', 3)
  await told()
  expect(new Set(await Promise.all(Array.from({ length: 100 }, async () => count('a'))))).toEqual(new Set([3]))
  expect(reads()).toBe(1)
  pass(2 * VIEWER_LIMITS.readEveryMs)
  await count('a')
  expect(reads()).toBe(2)
  expect(await count('gone')).toMatchObject({ refused: 'poll_not_found' })
  await stop()
})
