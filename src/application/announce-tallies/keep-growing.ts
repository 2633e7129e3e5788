import type { Tally } from '../../domain/tally.ts'
import type { Tallies } from '../../ports/tallies.ts'
import type { TallyCache } from '../../ports/tally-cache.ts'

/** So many are read from the cache at once. */
const POLLS_PER_CHECK_MAX = 500
const REMEMBERED_POLLS_MAX = 10_000

export type KeepGrowing = {
  /** Reads tallies to be announced, and remembers them. */
  read(pollIds: readonly string[]): Promise<readonly Tally[]>
  /**
   * Looks after polls that were read since they were last looked after, and returns those to be announced anew. Those that
   * could not be looked after are looked after the next time.
   */
  check(): Promise<readonly string[]>
}

/**
 * Keeps versions growing over a failover of the ledger.
 *
 * A ledger whose standby takes over may have lost its last commits. The votes come back, read again from the checkpoint, but a
 * version that is counted again may end below what caches and viewers have seen, or arrive there with other counts; they would
 * keep the older state until the poll has changed often enough. So what was read is compared with what the cache keeps. Higher
 * there is usual, where another worker announced meanwhile; but a ledger that is read after that look has at least what was in
 * the cache then, and with the same version the same counts, unless it fell back. Then its version is raised above what anybody
 * has seen.
 */
export function createKeepGrowing(
  { tallies, cache }: { readonly tallies: Tallies; readonly cache: Pick<TallyCache, 'getTally'> },
  hooks: {
    readonly onFellBack: (pollId: string, seen: number) => void
    readonly onError: (error: unknown) => void
  },
): KeepGrowing {
  const unchecked = new Map<string, Tally>()

  /** What the cache keeps of those polls that it is ahead of, or has something else of. The others are settled. */
  async function findDoubtful(): Promise<readonly Tally[]> {
    const asked = [...unchecked.values()].slice(0, POLLS_PER_CHECK_MAX)
    const kept = await Promise.all(asked.map(({ pollId }) => cache.getTally(pollId)))
    const doubtful: Tally[] = []
    for (const [index, tally] of asked.entries()) {
      const seen = kept[index] ?? null
      if (seen === null || isReached(seen, tally)) unchecked.delete(tally.pollId)
      else doubtful.push(seen)
    }
    return doubtful
  }

  /** Whether the poll has to be announced anew. */
  async function settle(seen: Tally, now: Tally | undefined): Promise<boolean> {
    const { pollId, version } = seen
    if (now === undefined || isReached(seen, now)) {
      unchecked.delete(pollId)
      return false
    }
    try {
      await tallies.raiseVersion(pollId, version)
      hooks.onFellBack(pollId, version)
      unchecked.delete(pollId)
    } catch (error) {
      // It may have been raised all the same: announced in either case, and looked after once more.
      hooks.onError(error)
    }
    return true
  }

  return {
    async read(pollIds) {
      const read = await tallies.read(pollIds)
      for (const tally of read) {
        unchecked.delete(tally.pollId)
        unchecked.set(tally.pollId, tally)
      }
      for (const [pollId] of unchecked) {
        if (unchecked.size <= REMEMBERED_POLLS_MAX) break
        unchecked.delete(pollId)
      }
      return read
    },
    async check() {
      if (unchecked.size === 0) return []
      const doubtful = await findDoubtful()
      const read = await tallies.read(doubtful.map(({ pollId }) => pollId))
      const now = new Map(read.map((tally) => [tally.pollId, tally]))
      const fellBack: string[] = []
      for (const seen of doubtful) if (await settle(seen, now.get(seen.pollId))) fellBack.push(seen.pollId)
      return fellBack
    },
  }
}

/** Whether somebody who has `seen` the one is shown the other, or already sees the same. */
function isReached(seen: Tally, tally: Tally): boolean {
  return tally.version > seen.version || (tally.version === seen.version && stateOf(tally) === stateOf(seen))
}

/** All that is shown: two tallies with the same version have the same, unless the ledger fell back. */
function stateOf({ round, revision, status, totalVotes, optionIds, counts }: Tally): string {
  return JSON.stringify([round, revision, status, totalVotes, optionIds, counts])
}
