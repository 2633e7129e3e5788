import type { Listener } from './listen.ts'

/** Rings when something was appended to a partition, as far as one hears of it. */
export type Bell = {
  /** How often it has rung. */
  readonly rings: () => number
  /** Waits until it has rung more than `heard` times, at most `waitMs`, and not once the signal aborts. */
  readonly wait: (heard: number, waitMs: number, signal: AbortSignal) => Promise<void>
}

/** The bells of the partitions that this process reads. Whoever waits also looks again by the clock: a ring may be lost. */
export function createBells(listener: Listener): { readonly of: (partition: number) => Bell } {
  const bells = new Map<number, { bell: Bell; isHung: boolean; readonly hang: () => void }>()

  const create = (partition: number): { bell: Bell; isHung: boolean; readonly hang: () => void } => {
    const waiting = new Set<() => void>()
    let count = 0
    const ring = (): void => {
      count += 1
      for (const wake of waiting) wake()
    }
    const wait = async (heard: number, waitMs: number, signal: AbortSignal): Promise<void> => {
      if (count !== heard || signal.aborted) return
      const { promise, resolve } = Promise.withResolvers<void>()
      const timer = setTimeout(resolve, waitMs)
      const wake = (): void => resolve()
      waiting.add(wake)
      signal.addEventListener('abort', wake, { once: true })
      await promise
      clearTimeout(timer)
      waiting.delete(wake)
      signal.removeEventListener('abort', wake)
    }
    const known = {
      bell: { rings: () => count, wait },
      isHung: false,
      hang: () => {
        known.isHung = true
        // Nobody waits for this: until it hangs, and where it cannot, readers look by the clock. The next read tries again.
        listener.listen(`vote_event_${partition}`, { onNews: ring, onGap: ring }).then(ring, () => {
          known.isHung = false
        })
      },
    }
    return known
  }

  return {
    of: (partition) => {
      const known = bells.get(partition) ?? create(partition)
      bells.set(partition, known)
      if (!known.isHung) known.hang()
      return known.bell
    },
  }
}
