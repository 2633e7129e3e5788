import type { RedisNode } from './redis-node.ts'
import type { Timeline } from './timeline.ts'

export type Announcer = { readonly note: () => void }

/**
 * A worker that tells what the ledger adds up to: any number of commits during one run of news become one next run. What reading the
 * tally costs is in the cost of a commit.
 */
export function createAnnouncer(
  timeline: Timeline,
  node: RedisNode,
  parts: { readonly roundTripMs: number; readonly listeners: number; readonly tell: (readAt: number) => void },
): Announcer {
  let isRunning = false
  let hasMore = false

  function run(): void {
    isRunning = true
    hasMore = false
    const readAt = timeline.now()
    timeline.after(parts.roundTripMs, () => {
      node.publish(parts.listeners, () => {
        timeline.after(parts.roundTripMs / 2, () => {
          parts.tell(readAt)
          isRunning = false
          if (hasMore) run()
        })
      })
    })
  }

  return {
    note() {
      hasMore = true
      if (!isRunning) run()
    },
  }
}
