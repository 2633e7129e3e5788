import { waitFor } from '../../src/runtime/stop-signal.ts'

/** Somewhat more than what a machine of two cores, on which much runs at once, makes of a moment. */
const defaultWithinMs = 10_000

type WaitPlan = {
  readonly withinMs?: number
  /** How often it is looked at, where looking costs those something who are measured meanwhile. */
  readonly everyMs?: number
  /** Said when it does not come true. A function is asked then. */
  readonly what?: string | (() => string)
}

/** Waits for a condition, and fails when it does not come true in time. */
export const waitUntil = async (
  condition: () => boolean | Promise<boolean>,
  { withinMs = defaultWithinMs, everyMs, what = condition.toString() }: WaitPlan = {},
): Promise<void> => {
  if (await waitFor(condition, { withinMs, ...(everyMs !== undefined && { everyMs }) })) return
  throw new Error(`not within ${withinMs} ms: ${typeof what === 'string' ? what : what()}`)
}
