import type { LivePoll, Viewer } from '../watch-poll.ts'

/** Viewers told in one go before the event loop gets its turn: one or two milliseconds, which a vote may wait several times. */
export const viewersPerSlice = 100

export type Viewers = {
  /** Tells everybody who has not seen it what is newest. */
  show: () => void
  size: () => number
  /** From now on; the state of this moment the caller has from the poll itself. */
  add: (viewer: Viewer) => () => void
  end: () => void
}

type Watching = { readonly viewer: Viewer; seen: LivePoll | null }

/** The viewers of one poll. They are told in slices; whoever is told late in a long round gets what is newest by then, once. */
export function createViewers(newest: () => LivePoll | null): Viewers {
  const watching = new Set<Watching>()
  let isShowing = false
  let isOutdated = false

  function showSlice(rest: Iterator<Watching>): void {
    const live = newest()
    for (let told = 0; told < viewersPerSlice; told += 1) {
      const next = rest.next()
      if (next.done === true || live === null) return finishRound()
      if (next.value.seen === live) continue
      next.value.seen = live
      next.value.viewer.onUpdate(live)
    }
    setImmediate(showSlice, rest)
  }

  function finishRound(): void {
    isShowing = false
    if (isOutdated) show()
  }

  function show(): void {
    isOutdated = isShowing
    if (isShowing || watching.size === 0) return
    isShowing = true
    // A set goes on where it was, whoever comes or goes meanwhile.
    showSlice(watching.values())
  }

  return {
    show,
    size: () => watching.size,
    add(viewer: Viewer): () => void {
      const one: Watching = { viewer, seen: newest() }
      watching.add(one)
      return () => watching.delete(one)
    },
    end(): void {
      for (const { viewer } of watching) viewer.onDeleted()
      watching.clear()
    },
  }
}
