/**
 * A way through all that nobody announced, in the order of the polls' ids, as many steps as it takes. The next step begins behind
 * `after`; the last one ends with `until`, or where there are no more.
 */
export type Sweep = {
  /** Only what has been unannounced for so long. */
  readonly settledMs: number
  readonly after: string
  readonly until: string | null
  /** What comes after its last step. */
  readonly next: Sweep | null
}

export const ALL_UNANNOUNCED: Sweep = { settledMs: 0, after: '', until: null, next: null }

/** Through what was left behind by somebody who died: all that has been unannounced for so long. */
export function settledSweep(settledMs: number): Sweep {
  return { ...ALL_UNANNOUNCED, settledMs }
}

/**
 * Through all once more, though a sweep is under way: from where that one is to the end, then from the beginning to there. One that went back
 * to the beginning each time would never come to the last polls while there is a reason to begin anew before each step.
 */
export function sweepAnew(underWay: Sweep | null): Sweep {
  if (underWay === null || underWay.after === '') return ALL_UNANNOUNCED
  const { after } = underWay
  return { ...ALL_UNANNOUNCED, after, next: { ...ALL_UNANNOUNCED, until: after } }
}

/** What a step takes of the polls that were found behind its `after`, at most `pollsMax`, and what is left; null: nothing. */
export function takeStep(
  sweep: Sweep,
  found: readonly string[],
  pollsMax: number,
): { readonly pollIds: readonly string[]; readonly rest: Sweep | null } {
  const { until, next } = sweep
  const pollIds = until === null ? found : found.filter((pollId) => pollId <= until)
  const last = pollIds.at(-1)
  const isLast = last === undefined || pollIds.length < pollsMax
  return { pollIds, rest: isLast ? next : { ...sweep, after: last } }
}
