import { beforeEach, expect, test } from 'vitest'
import { createPaceReads, PACE_LIMITS } from '../../src/application/record-votes/pace-reads.ts'
import type { StreamEntry } from '../../src/ports/vote-stream.ts'

const entriesMax = 10
const { restMostMs, reads } = PACE_LIMITS

let restAfter: ReturnType<typeof createPaceReads>
let time: number

beforeEach(() => {
  restAfter = createPaceReads()
  time = 1_750_000_000_000
})

/** The rest after a read that found so many entries, each so long after the one before. */
const read = (entries: number, gapMs: number): number => {
  const found = Array.from({ length: entries }, (): StreamEntry => {
    time += gapMs
    return { id: `${time}-0`, appendedAt: time, epoch: 1, content: { type: 'votes', votes: [] } }
  })
  return restAfter(found, entriesMax)
}

const readOften = (entries: number, gapMs: number): number[] =>
  Array.from({ length: 20 * reads }, () => read(entries, gapMs))

test('where votes come one by one, nobody waits for another', () => {
  expect(Math.max(...readOften(1, restMostMs))).toBe(0)
})

test('two votes close together after a quiet time are read at once', () => {
  readOften(1, 200)
  expect([read(1, 200), read(1, 1), read(1, 200)]).toEqual([0, 0, 0])
})

test('the closer votes follow each other, the longer is the rest, up to the longest', () => {
  const rests = [15, 10, 5, 1, 0].map((gapMs) => readOften(1, gapMs).at(-1) ?? 0)
  expect(rests.map(Math.round)).toEqual([15, 10, 5, 1, 0].map((gapMs) => restMostMs - gapMs))
})

test('a read that found several entries is as long a gap for each of them as they had', () => {
  expect(readOften(5, 4).at(-1)).toBeCloseTo(restMostMs - 4)
})

test('a read that found as many as it may take is followed at once', () => {
  readOften(1, 0)
  expect([read(entriesMax - 1, 0) > 0, read(entriesMax, 0)]).toEqual([true, 0])
})

test('a read that found nothing changes nothing', () => {
  const before = readOften(1, 5).at(-1)
  expect(read(0, 0)).toBe(before)
})

test('a clock that is set back makes no rest longer than the longest, and none that never ends', () => {
  readOften(1, 0)
  time -= 3_600_000
  expect(read(1, 0)).toBeLessThanOrEqual(restMostMs)
  expect(readOften(1, 200).at(-1)).toBe(0)
})
