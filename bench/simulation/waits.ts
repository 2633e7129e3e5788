import type { Percentiles } from '../figure.ts'

export type Waits = {
  /** So many waited so long. */
  readonly add: (ms: number, count: number) => void
  readonly count: () => number
  /** The upper ends of the classes in which they lie; all 0 where nobody waited. */
  readonly percentiles: () => Percentiles
}

const shown = [50, 75, 90, 95, 99, 99.9, 100]
const leastMs = 0.01
/** Each class reaches 2 % further than the one before it. */
const step = 1.02
const classes = 1_200

/** Any number of waits in the memory of some: they are counted by classes of 2 %. */
export function createWaits(): Waits {
  const counts = new Float64Array(classes)
  let all = 0

  function at(percent: number): number {
    let below = 0
    for (const [index, count] of counts.entries()) {
      below += count
      if (count > 0 && below >= (all * percent) / 100) return leastMs * step ** index
    }
    return 0
  }

  return {
    add(ms, count) {
      const index = Math.ceil(Math.log(Math.max(ms, leastMs) / leastMs) / Math.log(step))
      const place = Math.min(classes - 1, index)
      counts[place] = (counts[place] ?? 0) + count
      all += count
    },
    count: () => all,
    percentiles: () => Object.fromEntries(shown.map((percent) => [`p${percent}`, at(percent)])),
  }
}
