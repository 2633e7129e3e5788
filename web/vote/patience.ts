import { jitteredMs } from '../../client/src/pause.ts'

/** Between one attempt and the next with a vote that has no answer. */
const pauses = { firstMs: 2_000, longestMs: 30_000 }
/** Whoever asks for more patience is asked again after this long all the same. A browser's timers go off at once where they are set for weeks. */
const askedMostMs = 10 * 60_000

/** How long a vote waits until it is sent again: after so many attempts in vain, and at least as long as the service asks for. */
export function patienceMs(attempts: number, retryAfterMs: number, random: () => number): number {
  return Math.min(retryAfterMs, askedMostMs) + jitteredMs(attempts, pauses, random)
}
