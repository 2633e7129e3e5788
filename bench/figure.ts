/** What a figure is measured against: a limit for its ratio to the floor, or for the figure itself where it has none. */
export type Goal = { readonly atMost: number } | { readonly atLeast: number }

/** The least that any program could need for the same work on this machine, measured in the same run. */
export type Floor = { readonly what: string; readonly value: number }

export type Figure = {
  readonly what: string
  readonly value: number
  readonly unit: string
  readonly floor: Floor | null
  /** How often the floor fits into the figure; the median over the rounds. Null without a floor. */
  readonly ratio: number | null
  readonly goal: Goal | null
}

/** A latency distribution for the charts, in milliseconds by percentile. */
export type Percentiles = Readonly<Record<string, number>>

export type Outcome = {
  readonly figures: readonly Figure[]
  /** What holds, or the benchmark would not count: it throws where one does not. In words for the report. */
  readonly checked: readonly string[]
  readonly latenciesMs?: Readonly<Record<string, Percentiles>>
  /** Rows of a table of its own, as a series of measurements has them. */
  readonly series?: readonly Readonly<Record<string, number | string>>[]
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle]
  if (upper === undefined) throw new Error('there is no median of nothing')
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2
}

/** A figure of which product and floor were measured in turn: each round's ratio counts, so that a slow minute slows both. */
export function againstFloor(
  what: string,
  unit: string,
  rounds: readonly { readonly product: number; readonly floor: number }[],
  floorIs: string,
  goal: Goal | null,
): Figure {
  return {
    what,
    unit,
    value: median(rounds.map(({ product }) => product)),
    floor: { what: floorIs, value: median(rounds.map(({ floor }) => floor)) },
    ratio: median(rounds.map(({ product, floor }) => product / floor)),
    goal,
  }
}

/** A figure that stands for itself; the median over the rounds. */
export function plainFigure(what: string, unit: string, rounds: readonly number[], goal: Goal | null): Figure {
  return { what, unit, value: median(rounds), floor: null, ratio: null, goal }
}

/** Null where nothing was aimed at. */
export function isMet({ value, ratio, goal }: Figure): boolean | null {
  if (goal === null) return null
  const judged = ratio ?? value
  return 'atMost' in goal ? judged <= goal.atMost : judged >= goal.atLeast
}

const shown = [50, 75, 90, 95, 99, 99.9, 100]

/** Throws where nothing was measured: no goal is met by that. */
export function percentilesOf(values: readonly number[]): Percentiles {
  if (values.length === 0) throw new Error('there are no percentiles of nothing')
  const sorted = Float64Array.from(values).toSorted()
  const at = (percent: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))] ?? 0
  return Object.fromEntries(shown.map((percent) => [`p${percent}`, at(percent)]))
}
