import type { Load } from './load.ts'
import { createReconnectingViewer } from './reconnecting-viewer.ts'
import { waitUntil } from './wait-until.ts'

const seenWithinMs = 10_000

/** How long viewers waited for votes, each from the moment when it was sent to the message that counts it. */
export type VoteWaits = {
  /** Pauses the load and waits until every viewer has seen every vote; only then are the waits known. */
  readonly allSeen: (load: Load) => Promise<void>
  /** The waits of all viewers, in milliseconds, for the votes that were first sent between these moments (`performance.now`). */
  readonly between: (load: Load, from: number, to: number) => readonly number[]
  /** How often a viewer was shown an older version than one before. */
  readonly timesBack: () => number
  readonly stop: () => void
}

type Seen = { readonly total: number; readonly at: number }

/**
 * Follows a poll on which nobody else votes, and nobody changes a vote. A message says how many votes it counts, and not which: it
 * is taken to have those that were sent first.
 */
export const followWaits = (url: string, pollId: string, viewersCount: number): VoteWaits => {
  const seen: Seen[][] = Array.from({ length: viewersCount }, () => [])
  const viewers = seen.map((messages) =>
    createReconnectingViewer(url, pollId, ({ total_votes: total }, at) => messages.push({ total: total ?? 0, at })),
  )
  return {
    async allSeen(load) {
      load.pause()
      try {
        const isSeen = (): boolean =>
          load.isIdle() && viewers.every((viewer) => viewer.newest()?.total_votes === load.accepted())
        await waitUntil(isSeen, { withinMs: seenWithinMs, what: 'each viewer sees each vote' })
      } finally {
        load.resume()
      }
    },
    between(load, from, to) {
      const sentAt = load.attempts
        .filter(({ outcome }) => outcome.result === 'accepted')
        .map(({ beganAt }) => beganAt)
        .toSorted((a, b) => a - b)
      const begin = sentAt.findIndex((at) => at >= from)
      return seen.flatMap((messages) => {
        const waits: number[] = []
        let next = 0
        for (let vote = begin; vote < sentAt.length && sentAt[vote]! <= to; vote += 1) {
          // The first message that counts it and all before it.
          while (next < messages.length && messages[next]!.total <= vote) next += 1
          const message = messages[next]
          if (message !== undefined) waits.push(message.at - sentAt[vote]!)
        }
        return waits
      })
    },
    timesBack: () => viewers.reduce((sum, viewer) => sum + viewer.timesBack(), 0),
    stop: () => {
      for (const viewer of viewers) viewer.close()
    },
  }
}

export const describeWaits = (
  waits: readonly number[],
): { readonly count: number; readonly p50: number; readonly p99: number } => {
  const sorted = waits.toSorted((a, b) => a - b)
  const at = (share: number): number => Math.round(sorted[Math.floor(sorted.length * share)] ?? 0)
  return { count: waits.length, p50: at(0.5), p99: at(0.99) }
}
