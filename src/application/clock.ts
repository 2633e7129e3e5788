/** Time as the steps use it; a test gives its own. */
export type Clock = {
  /** Milliseconds that only grow; they say how long ago something was, not when. */
  now(): number
  /** Calls `run` once after `ms` milliseconds; the returned function takes it back. */
  after(ms: number, run: () => void): () => void
}

export const systemClock: Clock = {
  now: () => performance.now(),
  after: (ms, run) => {
    const timer = setTimeout(run, ms)
    return () => clearTimeout(timer)
  },
}
