import { formatNumber } from '../i18n/format.ts'

/** How many votes came in each second, the newest last. A value: every step makes a new one. */
export type Pace = {
  /** The second, since 1970, that the last number stands for. */
  readonly second: number
  readonly perSecond: readonly number[]
  /** As last heard; null before, and after a time in which nothing could be heard. */
  readonly total: number | null
  readonly round: number
}

/** So many seconds are kept; the last of them is not over yet. */
const paceSeconds = 61
export const drawnWidth = paceSeconds - 2
/** The pace now is told over so many whole seconds: over a single one it would only flicker. */
const nowSeconds = 3

export function startPace(now: number): Pace {
  const perSecond = Array.from({ length: paceSeconds }, () => 0)
  return { second: Math.floor(now / 1000), perSecond, total: null, round: 0 }
}

/** Seconds that have begun since are seconds without votes, so far. */
export function passTime(pace: Pace, now: number): Pace {
  const second = Math.floor(now / 1000)
  const passed = Math.min(paceSeconds, second - pace.second)
  if (passed <= 0) return pace
  const perSecond = [...pace.perSecond.slice(passed), ...Array.from({ length: passed }, () => 0)]
  return { ...pace, second, perSecond }
}

/**
 * Votes that were added since the total before. The first total, and the first of a round, tell of no pace; votes that were taken back are
 * no votes less per second.
 */
export function countTotal(
  pace: Pace,
  { total_votes: total, round }: { readonly total_votes: number | null; readonly round: number },
  now: number,
): Pace {
  const passed = passTime(pace, now)
  const isFirst = pace.total === null || pace.round !== round
  const added = isFirst || total === null ? 0 : Math.max(0, total - (pace.total ?? 0))
  const perSecond = [...passed.perSecond.slice(0, -1), (passed.perSecond.at(-1) ?? 0) + added]
  return { ...passed, perSecond, total, round }
}

/** What comes after a loss was not cast in that moment. */
export function forgetTotal(pace: Pace): Pace {
  return { ...pace, total: null }
}

/** Votes per second over the last whole seconds. */
export function paceNow({ perSecond }: Pace): number {
  const whole = perSecond.slice(-1 - nowSeconds, -1)
  return whole.reduce((sum, votes) => sum + votes, 0) / nowSeconds
}

/** As a number for people: slow ones with a decimal. */
export function formatPace(votesPerSecond: number): string {
  const isWhole = votesPerSecond >= 10 || Number.isInteger(votesPerSecond)
  return formatNumber(votesPerSecond, isWhole ? 0 : 1)
}

/** A line over the whole seconds as the points of a drawing that is `drawnWidth` wide and 1 high; its highest second reaches the top. */
export function drawPace({ perSecond }: Pace): string {
  const whole = perSecond.slice(0, -1)
  const highest = Math.max(1, ...whole)
  return whole.map((votes, x) => `${x},${Number((1 - votes / highest).toFixed(3))}`).join(' ')
}
