export type Chance = {
  /** From 0 to below 1. */
  readonly next: () => number
  /** How many of something come, where so many come on average and none knows of another. */
  readonly count: (mean: number) => number
}

/** Above it the normal distribution is as good, and does not take as many draws as it says. */
const exactMost = 30

/** The same seed, the same run: mulberry32, which is enough for arrivals. */
export function createChance(seed: number): Chance {
  let state = seed | 0
  function next(): number {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  function countExactly(mean: number): number {
    const least = Math.exp(-mean)
    let count = 0
    for (let product = next(); product > least; product *= next()) count += 1
    return count
  }

  function countAbout(mean: number): number {
    const normal = Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next())
    return Math.max(0, Math.round(mean + normal * Math.sqrt(mean)))
  }

  return { next, count: (mean) => (mean <= exactMost ? countExactly(mean) : countAbout(mean)) }
}
