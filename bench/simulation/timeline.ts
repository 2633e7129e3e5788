/** What happens when, in simulated milliseconds. What is due at the same moment happens in the order in which it was planned. */
export type Timeline = {
  readonly now: () => number
  readonly after: (ms: number, happen: () => void) => void
  /** Lets everything happen that is due by then. */
  readonly runUntil: (ms: number) => void
}

type Planned = { readonly at: number; readonly order: number; readonly happen: () => void }

/** A binary heap: what is planned is never more than what is under way, however long the run is. */
export function createTimeline(): Timeline {
  const heap: Planned[] = []
  let now = 0
  let planned = 0

  function isBefore(one: number, other: number): boolean {
    const [a, b] = [heap[one], heap[other]]
    if (a === undefined || b === undefined) return a !== undefined
    return a.at < b.at || (a.at === b.at && a.order < b.order)
  }

  function swap(one: number, other: number): void {
    const [a, b] = [heap[one], heap[other]]
    if (a === undefined || b === undefined) return
    heap[one] = b
    heap[other] = a
  }

  function takeFirst(): Planned | undefined {
    const first = heap[0]
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return first
    heap[0] = last
    for (let at = 0; ;) {
      const child = isBefore(2 * at + 2, 2 * at + 1) ? 2 * at + 2 : 2 * at + 1
      if (!isBefore(child, at)) return first
      swap(at, child)
      at = child
    }
  }

  return {
    now: () => now,
    after(ms, happen) {
      heap.push({ at: now + Math.max(0, ms), order: (planned += 1), happen })
      for (let at = heap.length - 1; at > 0;) {
        const parent = (at - 1) >> 1
        if (!isBefore(at, parent)) return
        swap(at, parent)
        at = parent
      }
    },
    runUntil(ms) {
      for (let next = heap[0]; next !== undefined && next.at <= ms; next = heap[0]) {
        takeFirst()
        now = next.at
        next.happen()
      }
      now = ms
    },
  }
}
