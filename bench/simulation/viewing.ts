import { viewersPerSlice } from '../../src/application/watch-poll/tell-viewers.ts'
import type { Cores } from './cores.ts'
import type { Group } from './intake.ts'
import type { Timeline } from './timeline.ts'
import type { UnitCosts } from './unit-costs.ts'
import type { Waits } from './waits.ts'

export type Audience = {
  /** News of what the ledger held then has come. */
  readonly hear: (readAt: number) => void
  /** Votes that the ledger holds from now on: those whose way to the viewers is watched. */
  readonly expect: (groups: readonly Group[]) => void
}

/** At so many places of a round it is noted how long the votes took that it shows. */
const placesNoted = 4

type Expected = Group & { readonly recordedAt: number }

/** The viewers of one api process: shown the newest tally, at most once in an interval, all of them in one round. */
export function createAudience(
  timeline: Timeline,
  core: Cores,
  parts: {
    readonly costs: Pick<UnitCosts, 'api'>
    readonly viewers: number
    readonly intervalMs: number
    /** Null for an audience of which nothing is noted: all are alike. */
    readonly waits: Pick<Waits, 'add'> | null
    readonly onShown: (viewers: number) => void
  },
): Audience {
  const { costs, viewers, intervalMs, waits, onShown } = parts
  const slices = Math.ceil(viewers / viewersPerSlice)
  const notedEvery = Math.max(1, Math.floor(slices / placesNoted))
  let expected: Expected[] = []
  let newest = 0
  let shown = 0
  let beganAt = -intervalMs
  let isShowing = false

  function show(): void {
    if (isShowing || newest <= shown) return
    isShowing = true
    timeline.after(Math.max(0, beganAt + intervalMs - timeline.now()), () => {
      beganAt = timeline.now()
      shown = newest
      const shows = expected.filter(({ recordedAt }) => recordedAt <= shown)
      expected = expected.filter(({ recordedAt }) => recordedAt > shown)
      slice(slices, shows)
    })
  }

  function slice(left: number, shows: readonly Expected[]): void {
    const served = Math.min(viewersPerSlice, viewers / slices)
    core.work(served * costs.api.frame, () => {
      onShown(served)
      if (left % notedEvery === 0)
        for (const { arrivedAt, count } of shows) waits?.add(timeline.now() - arrivedAt, count)
      if (left > 1) return slice(left - 1, shows)
      isShowing = false
      show()
    })
  }

  return {
    hear(readAt) {
      core.work(costs.api.news, () => {
        newest = Math.max(newest, readAt)
        show()
      })
    },
    expect(groups) {
      if (waits === null) return
      const recordedAt = timeline.now()
      for (const group of groups) expected.push({ ...group, recordedAt })
    },
  }
}
