import type { Timeline } from './timeline.ts'

export type Cores = {
  /** Calls `done` when a core has worked on it for so long; what comes while all are busy waits its turn. */
  readonly work: (ms: number, done: () => void) => void
  /** What waits, as time that one core would need for it. */
  readonly waitingMs: () => number
  /** Processor time that was used so far. */
  readonly usedMs: () => number
}

type Job = { readonly ms: number; readonly done: () => void }

/** Cores of one machine that whoever runs on it shares, first come, first served. */
export function createCores(timeline: Timeline, count: number): Cores {
  const waiting: Job[] = []
  /** Where the first that waits stands: what is behind it is dropped now and then, not each time. */
  let first = 0
  let waitingMs = 0
  let busy = 0
  let usedMs = 0

  function next(): Job | undefined {
    const job = waiting[first]
    if (job === undefined) return undefined
    first += 1
    if (first > 1000 && first * 2 > waiting.length) {
      waiting.splice(0, first)
      first = 0
    }
    waitingMs -= job.ms
    return job
  }

  function begin({ ms, done }: Job): void {
    busy += 1
    timeline.after(ms, () => {
      busy -= 1
      usedMs += ms
      done()
      const job = busy < count ? next() : undefined
      if (job !== undefined) begin(job)
    })
  }

  return {
    work(ms, done) {
      if (busy < count && first === waiting.length) return begin({ ms, done })
      waiting.push({ ms, done })
      waitingMs += ms
    },
    waitingMs: () => waitingMs,
    usedMs: () => usedMs,
  }
}
