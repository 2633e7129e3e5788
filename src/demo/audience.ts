import { createClient } from '../../client/src/client.ts'
import type { TallyMessage } from '../../contract/messages.ts'

const lookEveryMs = 20

export type Audience = {
  readonly size: number
  /** What the first viewer sees: one screen stands for all. */
  newest(): TallyMessage | null
  /** What each viewer sees. */
  newestOfEach(): readonly (TallyMessage | null)[]
  /** How many see it so. */
  count(what: (message: TallyMessage) => boolean): number
  /** Waits until all see it so; false when that takes longer. */
  allSee(what: (message: TallyMessage) => boolean, withinMs: number): Promise<boolean>
  /** Waits until each viewer has seen it so, and gives the moment (`performance.now`) at which each first did. */
  momentsOf(what: (message: TallyMessage) => boolean, withinMs: number): Promise<readonly number[]>
  leave(): void
}

/** Viewers of one poll, each on a connection of its own. */
export function createAudience(url: string, pollId: string, size: number): Audience {
  const listeners = new Set<(viewer: number, message: TallyMessage, at: number) => void>()
  const client = createClient({ url })
  const watches = Array.from({ length: size }, (_, index) =>
    client.watch(pollId, (message) => {
      const at = performance.now()
      for (const listener of listeners) listener(index, message, at)
    }),
  )

  function count(what: (message: TallyMessage) => boolean): number {
    return watches.filter(({ tally }) => tally !== null && what(tally)).length
  }

  return {
    size,
    newest: () => watches[0]?.tally ?? null,
    newestOfEach: () => watches.map(({ tally }) => tally),
    count,
    async allSee(what, withinMs) {
      const deadline = performance.now() + withinMs
      while (count(what) < size) {
        if (performance.now() > deadline) return false
        await pause(lookEveryMs)
      }
      return true
    },
    async momentsOf(what, withinMs) {
      const moments = new Map<number, number>()
      const { promise, resolve } = Promise.withResolvers<void>()
      const listener = (viewer: number, message: TallyMessage, at: number): void => {
        if (moments.has(viewer) || !what(message)) return
        moments.set(viewer, at)
        if (moments.size === size) resolve()
      }
      listeners.add(listener)
      const tooLate = setTimeout(resolve, withinMs)
      await promise
      clearTimeout(tooLate)
      listeners.delete(listener)
      return [...moments.values()]
    },
    leave() {
      for (const watch of watches) watch.stop()
    },
  }
}

async function pause(ms: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  setTimeout(resolve, ms)
  await promise
}
