import { expect, test } from 'vitest'
import { createLog } from '../../src/runtime/log.ts'
import { backoffMs, createStopSignal, sleep, waitFor } from '../../src/runtime/stop-signal.ts'

const log = createLog({ name: 'test', level: 'silent' })

test('the first signal asks to stop, the second ends at once, unless it is the first one passed on', () => {
  const exits: number[] = []
  let time = 1000
  using stop = createStopSignal({ log, endNow: (exitCode) => exits.push(exitCode), now: () => time })
  expect(stop.signal.aborted).toBe(false)
  process.emit('SIGTERM', 'SIGTERM')
  expect([stop.signal.aborted, exits]).toEqual([true, []])
  time += 499
  process.emit('SIGINT', 'SIGINT')
  expect(exits).toEqual([])
  time += 1
  process.emit('SIGINT', 'SIGINT')
  expect(exits).toEqual([1])
})

test('what does not stop in time is ended', async () => {
  const ended = Promise.withResolvers<number>()
  using stop = createStopSignal({ log, shutdownTimeoutMs: 5, endNow: ended.resolve })
  stop.stop('test')
  expect(await ended.promise).toBe(1)
})

test('what has stopped and leaves something running all the same is ended', async () => {
  const ended = Promise.withResolvers<number>()
  {
    using stop = createStopSignal({ log, shutdownTimeoutMs: 5, endNow: ended.resolve })
    stop.stop('test')
  }
  expect(await ended.promise).toBe(1)
})

test('a stop that was disposed of leaves no handler behind', () => {
  const before = process.listenerCount('SIGINT')
  {
    using stop = createStopSignal({ log })
    expect([process.listenerCount('SIGINT'), stop.signal.aborted]).toEqual([before + 1, false])
  }
  expect(process.listenerCount('SIGINT')).toBe(before)
})

test('a sleeper wakes when asked to stop', async () => {
  const controller = new AbortController()
  const asleep = sleep(60_000, controller.signal)
  controller.abort()
  await asleep
  await sleep(60_000, controller.signal)
  expect(controller.signal.aborted).toBe(true)
})

test('a wait for a condition ends when it holds, when the time is up, and when asked to stop', async () => {
  let asked = 0
  expect(await waitFor(() => ++asked === 3, { withinMs: 60_000, everyMs: 1 })).toBe(true)
  expect(await waitFor(() => false, { withinMs: 2, everyMs: 1 })).toBe(false)
  expect(await waitFor(() => false, { withinMs: 60_000, everyMs: 60_000, signal: AbortSignal.timeout(2) })).toBe(false)
})

test('waits before a repetition grow to their ceiling, and are spread from nothing up', () => {
  const limits = { baseMs: 100, maxMs: 1_000 }
  const longest = [0, 1, 2, 3, 4, 1_000].map((attempt) => backoffMs(attempt, limits, () => 0.999_999))
  expect(longest).toEqual([99, 199, 399, 799, 999, 999])
  expect(backoffMs(5, limits, () => 0)).toBe(0)
})
