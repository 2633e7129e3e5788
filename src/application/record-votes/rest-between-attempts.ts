const FIRST_MS = 500
/** Each partition owned already adds a little, so that workers that start together share. */
const PER_OWNED_MS = 200
/** What is away may be away for long, but once it is back nobody should wait much longer than this for its votes. */
const LONGEST_MS = 4_000
const DOUBLINGS_MAX = 10

/**
 * How long a worker leaves a partition alone before it tries to own it again: a moment, and twice as long after each attempt in a row that
 * failed, up to a limit. With jitter of half of it to either side, so that all who lost the same ledger do not come back together.
 */
export function restMs(owned: number, failures: number, random: () => number = Math.random): number {
  const doublings = Math.min(Math.max(0, failures - 1), DOUBLINGS_MAX)
  const ms = (FIRST_MS + owned * PER_OWNED_MS) * 2 ** doublings
  return (failures > 1 ? Math.min(ms, LONGEST_MS) : ms) * (0.5 + random())
}
