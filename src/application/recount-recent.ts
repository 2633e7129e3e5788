// Beside the flow: compares tally and ledger of what people vote on now, again and again. It alarms, and never repairs.
import type { Recount, Tallies } from '../ports/tallies.ts'
import { differencesIn } from './recount-polls.ts'

export type RecountRecentHooks = {
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>
  /** A poll was counted anew; whether it differs stands in it. */
  readonly onRecounted: (recount: Recount) => void
  /** How many counts differed when their polls were recounted last. */
  readonly onStanding: (differences: number) => void
  /** A run came to its end without a fault. */
  readonly onDone: () => void
  /** What kept a run from its end: the poll was too large for the time that a statement has, or the ledger is away. */
  readonly onError: (pollId: string | null, error: unknown) => void
}

export type RecountRecentParts = {
  readonly tallies: Pick<Tallies, 'changedLately' | 'recount'>
  /** Whether this process is the one to do it now: one is enough. More do no harm but cost. */
  readonly isOurs: () => Promise<boolean>
  readonly everyMs: number
}

const CHANGED_WITHIN_MS = 24 * 3_600_000
/** Of these, those that were not counted for longest are next, so every recent poll has its turn. */
const CANDIDATES_MAX = 1000
const POLLS_PER_RUN_MAX = 50
/** No further poll is begun after this. */
const RUN_MS_MAX = 5_000
/** A run that took long is followed by a rest so many times as long: a tenth of one connection's time at most. */
const REST_PER_RUN = 9

type Known = { readonly run: number; readonly differences: number }

/** Runs until the signal aborts. Never rejects: faults are told, and the next run goes on with other polls. */
export function createRecountRecent(
  { tallies, isOurs, everyMs }: RecountRecentParts,
  hooks: RecountRecentHooks,
): { run(signal: AbortSignal): Promise<void> } {
  const known = new Map<string, Known>()
  let runs = 0

  /** Polls that differ stay among them until they agree, however long nobody votes there. */
  async function choose(): Promise<readonly string[]> {
    const recent = await tallies.changedLately(CHANGED_WITHIN_MS, CANDIDATES_MAX)
    const differing = [...known].filter(([, { differences }]) => differences > 0).map(([pollId]) => pollId)
    const candidates = new Set([...recent, ...differing])
    for (const pollId of known.keys()) {
      if (!candidates.has(pollId)) known.delete(pollId)
    }
    const lastRun = (pollId: string): number => known.get(pollId)?.run ?? 0
    return [...candidates].toSorted((a, b) => lastRun(a) - lastRun(b)).slice(0, POLLS_PER_RUN_MAX)
  }

  async function recount(pollId: string): Promise<void> {
    // Also one that cannot be counted has had its turn.
    known.set(pollId, { run: runs, differences: known.get(pollId)?.differences ?? 0 })
    const counted = await tallies.recount(pollId)
    known.set(pollId, { run: runs, differences: counted === null ? 0 : differencesIn(counted) })
    if (counted !== null) hooks.onRecounted(counted)
  }

  async function runOnce(signal: AbortSignal): Promise<void> {
    let counting: string | null = null
    try {
      if (await isOurs()) {
        runs += 1
        const until = performance.now() + RUN_MS_MAX
        for (const pollId of await choose()) {
          if (signal.aborted || performance.now() > until) break
          counting = pollId
          await recount(pollId)
        }
        hooks.onDone()
      } else {
        known.clear()
      }
    } catch (error) {
      hooks.onError(counting, error)
    }
    hooks.onStanding([...known.values()].reduce((sum, { differences }) => sum + differences, 0))
  }

  return {
    async run(signal) {
      let restMs = everyMs
      while (!signal.aborted) {
        await hooks.sleep(restMs, signal)
        if (signal.aborted) return
        const beganAt = performance.now()
        await runOnce(signal)
        restMs = Math.max(everyMs, REST_PER_RUN * (performance.now() - beganAt))
      }
    },
  }
}
