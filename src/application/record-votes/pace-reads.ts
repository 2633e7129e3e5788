import type { StreamEntry } from '../../ports/vote-stream.ts'

export type PaceLimits = {
  /** The longest rest between two reads: what it adds to the time until viewers know, at the most. */
  readonly restMostMs: number
  /** Over how many reads the mean goes, about. */
  readonly reads: number
}

export const PACE_LIMITS: PaceLimits = { restMostMs: 20, reads: 8 }

/** A quiet hour is no more quiet than this. */
const GAP_MOST_MS = 100

/**
 * How long to rest before the next read of a partition, in milliseconds, told of what each read found.
 *
 * Background: a commit costs the ledger as much for one vote as for twenty (docs/performance.md), and so does a read cost the stream. The naive
 * way reads again as soon as it has read, and at medium load commits one entry each time. A fixed rest would make a lone vote wait
 * for nobody. Here the rest depends on how close entries follow each other: 0 where they come further apart than the longest rest, almost that
 * where they come without a pause. A read that found as many as it may take is behind, and is followed at once.
 * The gaps are those of the stream's own clock, so that what one worker does depends on what it reads alone.
 */
export function createPaceReads({ restMostMs, reads }: PaceLimits = PACE_LIMITS) {
  let meanGapMs = GAP_MOST_MS
  let newestAt: number | null = null

  return (found: readonly StreamEntry[], entriesMax: number): number => {
    const last = found.at(-1)
    if (last !== undefined) {
      const gapMs = newestAt === null ? GAP_MOST_MS : (last.appendedAt - newestAt) / found.length
      meanGapMs += (Math.min(Math.max(gapMs, 0), GAP_MOST_MS) - meanGapMs) / reads
      newestAt = last.appendedAt
    }
    return found.length >= entriesMax ? 0 : Math.max(0, restMostMs - meanGapMs)
  }
}
