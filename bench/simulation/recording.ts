import { PACE_LIMITS } from '../../src/application/record-votes/pace-reads.ts'
import type { Cores } from './cores.ts'
import type { Entry, Group } from './intake.ts'
import type { Timeline } from './timeline.ts'
import type { UnitCosts } from './unit-costs.ts'

/** What a commit has brought into the ledger. */
export type Commit = { readonly votes: number; readonly groups: readonly Group[] }

export type Recorder = {
  readonly add: (entry: Entry) => void
  /** Since when the oldest vote that is not recorded waits; null where none does. */
  readonly oldest: () => number | null
}

/**
 * The owner of a partition: reads what is there, records it in one commit, and again. Worker, PostgreSQL and disk work for a commit one
 * after the other, since that is what the rate of drain comes to; of the reading ahead nothing is gained here.
 */
export function createRecorder(
  timeline: Timeline,
  parts: {
    readonly costs: Pick<UnitCosts, 'worker' | 'postgres'>
    readonly worker: Cores
    readonly postgres: Cores
    /** Read at most for one commit. */
    readonly entriesMax: number
    readonly fsyncMs: number
    readonly roundTripMs: number
    readonly votesInPoll: () => number
    readonly onCommitted: (commit: Commit) => void
  },
): Recorder {
  const { costs, worker, postgres, entriesMax, fsyncMs, roundTripMs, votesInPoll, onCommitted } = parts
  let waiting: Entry[] = []
  let isBusy = false
  let readAt = -PACE_LIMITS.restMostMs

  /** Rests as the worker does: the less, the further apart entries come. */
  function go(): void {
    if (isBusy || waiting.length === 0) return
    isBusy = true
    const sinceReadMs = timeline.now() - readAt
    const gapMs = sinceReadMs / waiting.length
    const restMs = waiting.length >= entriesMax ? 0 : Math.max(0, PACE_LIMITS.restMostMs - gapMs - sinceReadMs)
    timeline.after(restMs, record)
  }

  function record(): void {
    readAt = timeline.now()
    const entries = waiting.slice(0, entriesMax)
    waiting = waiting.slice(entriesMax)
    const votes = entries.reduce((sum, entry) => sum + entry.votes, 0)
    const workerMs = costs.worker.commit + entries.length * costs.worker.entry + votes * costs.worker.vote
    worker.work(workerMs, () => {
      timeline.after(roundTripMs / 2, () => {
        postgres.work(costs.postgres.commit + votes * costs.postgres.vote(votesInPoll()), () => {
          timeline.after(fsyncMs + roundTripMs / 2, () => {
            isBusy = false
            onCommitted({ votes, groups: entries.flatMap(({ groups }) => groups) })
            go()
          })
        })
      })
    })
  }

  return {
    add(entry) {
      waiting.push(entry)
      go()
    },
    oldest: () => waiting[0]?.appendedAt ?? null,
  }
}
