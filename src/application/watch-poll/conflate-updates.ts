import type { Clock } from '../clock.ts'

export type Conflation = {
  /** Something changed: `publish` runs at once, or as soon as the interval allows it. */
  changed(): void
  stop(): void
}

/**
 * Lets the first change through at once, then at most one publication per interval. What is published is read by `publish`
 * at that moment, so it is always the newest. A timer runs only while a change waits.
 */
export function createConflation(intervalMs: number, clock: Clock, publish: () => void): Conflation {
  let publishedAt = Number.NEGATIVE_INFINITY
  let cancelWaiting: (() => void) | null = null

  function publishNow(): void {
    cancelWaiting = null
    publishedAt = clock.now()
    publish()
  }

  return {
    changed() {
      if (cancelWaiting !== null) return
      const waitMs = publishedAt + intervalMs - clock.now()
      if (waitMs <= 0) publishNow()
      else cancelWaiting = clock.after(waitMs, publishNow)
    },
    stop() {
      cancelWaiting?.()
      cancelWaiting = null
    },
  }
}
