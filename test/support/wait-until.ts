import { waitFor } from '../../src/runtime/stop-signal.ts'

const defaultWithinMs = 5_000

/** Waits for a condition, and fails when it does not come true in time. */
export const waitUntil = async (
  condition: () => boolean | Promise<boolean>,
  { withinMs = defaultWithinMs, what = condition.toString() }: { withinMs?: number; what?: string } = {},
): Promise<void> => {
  if (await waitFor(condition, { withinMs })) return
  throw new Error(`not within ${withinMs} ms: ${what}`)
}
