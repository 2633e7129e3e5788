// How many watch a poll, over all processes: each tells the others of its own viewers, in the background.
import { randomUUID } from 'node:crypto'
import { refuseUnknown } from '../domain/poll-life.ts'
import { createRecentMap } from '../domain/recent-map.ts'
import type { Refused } from '../domain/refusal.ts'
import type { ToldViewers, ViewerCounts } from '../ports/viewer-counts.ts'
import type { WatchPoll } from './watch-poll.ts'
import { createSharedRun } from './watch-poll/shared-run.ts'

export type CountViewers = {
  /** The number for everybody who asks, some seconds old. Says nothing of votes: whoever sees no result may see it. */
  count(pollId: string): Promise<number | Refused>
  /** Tells the others until the signal aborts. Never rejects. */
  run(signal: AbortSignal): Promise<void>
}

export const VIEWER_LIMITS = {
  /** A change is told so soon, and all that was told is confirmed as often. */
  tellEveryMs: 2_000,
  /** A process that was not heard of for so long has no viewers. */
  keptMs: 10_000,
  /** Told in one call, which keeps the store for as long as it takes. */
  pollsPerCall: 1_000,
  /** However many ask, the store is asked so often for a poll. */
  readEveryMs: 1_000,
  readPollsMax: 10_000,
} as const

type Parts = {
  readonly watchPoll: Pick<WatchPoll, 'get' | 'viewerCounts'>
  readonly viewerCounts: ViewerCounts
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>
  readonly report: (fault: unknown) => void
  /** Milliseconds that only grow. */
  readonly now?: () => number
}

export function createCountViewers(parts: Parts): CountViewers {
  const { watchPoll, viewerCounts, sleep, report, now = () => performance.now() } = parts
  const { tellEveryMs, keptMs, pollsPerCall, readEveryMs, readPollsMax } = VIEWER_LIMITS
  const processId = randomUUID()
  /** What the store has of this process. Null: what it has of the poll is not known. */
  const told = new Map<string, number | null>()
  const read = createRecentMap<number>({ keptMs: readEveryMs, keysMax: readPollsMax })

  function listChanged(): ToldViewers {
    const counts = watchPoll.viewerCounts()
    const gone = [...told.keys()].filter((pollId) => !counts.has(pollId))
    const changed = [...counts].filter(([pollId, viewers]) => told.get(pollId) !== viewers)
    return [...changed, ...gone.map((pollId) => [pollId, 0] as const)]
  }

  async function tellSome(changed: ToldViewers): Promise<void> {
    // Until there is an answer.
    for (const [pollId] of changed) told.set(pollId, null)
    const isKept = await viewerCounts.tell(processId, changed, keptMs)
    if (!isKept) for (const pollId of told.keys()) told.set(pollId, null)
    for (const [pollId, viewers] of changed) {
      if (viewers === 0) told.delete(pollId)
      else told.set(pollId, viewers)
    }
  }

  async function tell(): Promise<void> {
    const changed = listChanged()
    // Whoever has no viewers is told of by silence.
    if (changed.length === 0 && told.size === 0) return
    for (let from = 0; from === 0 || from < changed.length; from += pollsPerCall)
      await tellSome(changed.slice(from, from + pollsPerCall))
  }

  const readShared = createSharedRun(async (pollId) => {
    const known = read.get(pollId, now())
    if (known !== undefined) return known
    const viewers = await viewerCounts.read(pollId)
    read.put(pollId, viewers, now())
    return viewers
  })

  return {
    async count(pollId) {
      return (await watchPoll.get(pollId)) === null ? refuseUnknown() : readShared(pollId)
    },
    async run(signal) {
      while (!signal.aborted) {
        await tell().catch(report)
        await sleep(tellEveryMs, signal)
      }
    },
  }
}
