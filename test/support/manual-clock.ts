import type { Clock } from '../../src/application/clock.ts'

/** A clock that stands until the test moves it; what falls due meanwhile runs in its order. */
export const createManualClock = (): Clock & {
  readonly pass: (ms: number) => void
  readonly waiting: () => number
} => {
  let now = 0
  const due: { at: number; run: () => void }[] = []
  return {
    now: () => now,
    after(ms, run) {
      const timer = { at: now + ms, run }
      due.push(timer)
      return () => {
        const place = due.indexOf(timer)
        if (place !== -1) due.splice(place, 1)
      }
    },
    pass(ms) {
      const end = now + ms
      for (;;) {
        const next = due.toSorted((a, b) => a.at - b.at)[0]
        if (next === undefined || next.at > end) break
        due.splice(due.indexOf(next), 1)
        now = next.at
        next.run()
      }
      now = end
    },
    waiting: () => due.length,
  }
}
