import type { ChildProcess } from 'node:child_process'
import { EventEmitter } from 'node:events'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { keepRunning, type Running } from '../../src/runtime/keep-running.ts'

const steadyMs = 10_000
const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

/** Each wait is drawn; here it is always the longest. */
beforeEach(() => {
  vi.useFakeTimers()
  vi.spyOn(Math, 'random').mockReturnValue(1 - Number.EPSILON)
})
afterEach(() => {
  vi.restoreAllMocks()
  vi.useRealTimers()
})

/** A process that runs until it is killed. */
function createProcess() {
  const events = new EventEmitter()
  const kill = vi.fn<(signal: NodeJS.Signals) => void>((signal) => {
    Object.assign(events, { signalCode: signal }).emit('exit', null, signal)
  })
  // What a watcher looks at and asks is there.
  const child = Object.assign(events, { exitCode: null, signalCode: null, kill }) as unknown as ChildProcess
  // Of a pid of somebody else's: nobody has been started.
  return { child, pid: process.pid, kill } satisfies Running & { kill: typeof kill }
}

/** How many there have been, and the one that runs. */
function keepOne(startAgain: () => Promise<void> = async () => {}, isRestarted = true) {
  let running = createProcess()
  let starts = 1
  const { stop } = keepRunning(running, {
    name: 'a server',
    log,
    stopSteps: [{ signal: 'SIGTERM', withinMs: 1_000 }],
    isRestarted,
    async startAgain() {
      await startAgain()
      starts += 1
      running = createProcess()
      return running
    },
  })
  return { starts: () => starts, end: () => running.kill('SIGKILL'), asked: () => running.kill.mock.calls, stop }
}

test('what has run for a while is started again at once', async () => {
  const kept = keepOne()
  await vi.advanceTimersByTimeAsync(steadyMs)
  kept.end()
  await vi.advanceTimersByTimeAsync(0)
  expect(kept.starts()).toBe(2)
})

test('what ends again and again as soon as it runs is started ever less often, and every 5 s in the end', async () => {
  const kept = keepOne()
  const waits: number[] = []
  for (let life = 0; life < 8; life += 1) {
    const before = kept.starts()
    const endedAt = performance.now()
    kept.end()
    while (kept.starts() === before) await vi.advanceTimersByTimeAsync(1)
    waits.push(Math.round((performance.now() - endedAt) / 100) * 100)
  }
  expect(waits).toEqual([200, 400, 800, 1600, 3200, 5000, 5000, 5000])
  // One long life, and its end is the first again.
  await vi.advanceTimersByTimeAsync(steadyMs)
  const before = kept.starts()
  kept.end()
  await vi.advanceTimersByTimeAsync(0)
  expect(kept.starts()).toBe(before + 1)
})

test('what does not start is tried again, with the same waits', async () => {
  const fail = vi.fn<() => Promise<void>>(async () => Promise.reject(new Error('no room')))
  const kept = keepOne(fail)
  await vi.advanceTimersByTimeAsync(steadyMs)
  kept.end()
  await vi.advanceTimersByTimeAsync(200 + 400 + 800)
  expect([fail.mock.calls.length, kept.starts()]).toEqual([4, 1])
})

test('who is asked to stop gets the signal once; who has ended before gets none, nor does whoever has its pid by then', async () => {
  const signals = vi.spyOn(process, 'kill').mockReturnValue(true)
  const kept = keepOne()
  await kept.stop()
  expect(kept.asked()).toEqual([['SIGTERM']])
  const gone = keepOne(undefined, false)
  gone.end()
  const stopped = gone.stop()
  await vi.advanceTimersByTimeAsync(1_000)
  await stopped
  expect([gone.asked(), signals.mock.calls]).toEqual([[['SIGKILL']], []])
})
