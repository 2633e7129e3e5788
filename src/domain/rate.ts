/** So many requests at once, and as many again, evenly, in each period. */
export type Rate = { readonly amount: number; readonly periodMs: number }

/** Of one request: additions of fractions must not cost anybody the last one. */
const roundingShare = 1 / 1000

/** How long one request takes to be given back. */
export function intervalOf({ amount, periodMs }: Rate): number {
  return periodMs / amount
}

/**
 * GCRA, the generic cell rate algorithm (ITU-T I.371, as virtual scheduling). All that is kept of who asks is `freshAt`: the moment from
 * which it is as if nothing had ever been asked. Returns how long to wait before the next request may pass, in milliseconds; 0: it may.
 */
export function waitOf(rate: Rate, freshAt: number, now: number): number {
  const interval = intervalOf(rate)
  const wait = freshAt + interval - rate.periodMs - now
  return wait <= interval * roundingShare ? 0 : wait
}

/** `freshAt` after one more request, which must have been allowed to pass. */
export function charge(rate: Rate, freshAt: number, now: number): number {
  return Math.max(freshAt, now) + intervalOf(rate)
}
