import { startServerProcess } from './server-process.ts'
import { waitUntil } from './wait-until.ts'

/** What the crowd says of itself, ten times a second. */
export type CrowdSeen = {
  /** Viewers whose connection stands and has brought a state. */
  readonly watching: number
  /** The oldest version that any of them sees. */
  readonly oldest: number | null
  /** How often a viewer that had a state has lost its connection. */
  readonly drops: number
  /** How often a viewer was shown an older version than one before. */
  readonly timesBack: number
}

export type WatchingCrowd = {
  readonly seen: () => CrowdSeen
  /** Waits until so many connections were lost, in all, and everybody has a state again. */
  readonly backAfter: (drops: number, withinMs: number) => Promise<void>
  readonly stop: () => Promise<void>
}

const nothing: CrowdSeen = { watching: 0, oldest: null, drops: 0, timesBack: 0 }

/** Starts so many viewers of a poll in a process of their own, evenly over these apis. */
export const startWatchingCrowd = (urls: readonly string[], pollId: string, viewers: number): WatchingCrowd => {
  const crowd = startServerProcess({
    name: 'crowd',
    program: 'programs/watching-crowd.ts',
    env: { URLS: urls.join(), POLL_ID: pollId, VIEWERS: String(viewers) },
  })
  const seen = (): CrowdSeen => {
    // The last whole line; the process writes nothing but these, one at a time.
    const line = crowd.output().split('\n').at(-2)
    return line === undefined ? nothing : (JSON.parse(line) as CrowdSeen)
  }
  return {
    seen,
    async backAfter(drops, withinMs) {
      const isBack = (): boolean => {
        const now = seen()
        return now.drops >= drops && now.watching === viewers
      }
      await waitUntil(isBack, { withinMs, what: () => `${viewers} viewers have a state: ${JSON.stringify(seen())}` })
    },
    stop: crowd.stop,
  }
}
