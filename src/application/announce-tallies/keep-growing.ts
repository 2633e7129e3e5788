import type { Tally } from '../../domain/tally.ts'
import type { Tallies } from '../../ports/tallies.ts'
import type { TallyCache } from '../../ports/tally-cache.ts'

const POLLS_PER_CHECK_MAX = 500
const REMEMBERED_POLLS_MAX = 10_000

export type KeepGrowing = {
  /** Reads tallies to be announced, and remembers which. */
  read(pollIds: readonly string[]): Promise<readonly Tally[]>
  /** Looks after polls that were read since they were last looked after, and returns those to be announced anew. */
  check(): Promise<readonly string[]>
}

/**
 * Keeps versions growing over a failover of the ledger.
 *
 * A ledger whose standby takes over may have lost its last commits. The votes come back, read again from the checkpoint, but a
 * version that is counted again may end below what caches and viewers have seen, or arrive there with other counts; they would
 * keep the older state until the poll has changed often enough. So what was read is compared with what the cache keeps. Higher
 * there is usual, where another worker announced meanwhile; but a ledger that is read after that look has at least what was in
 * the cache then, unless it fell back. Then its version is raised above what anybody has seen.
 */
export function createKeepGrowing(
  { tallies, cache }: { readonly tallies: Tallies; readonly cache: Pick<TallyCache, 'versions'> },
  onFellBack: (pollId: string, seen: number) => void,
): KeepGrowing {
  const unchecked = new Map<string, number>()

  async function findAhead(pollIds: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const kept = await cache.versions(pollIds)
    const ahead = new Map<string, number>()
    for (const [index, pollId] of pollIds.entries()) {
      const version = kept[index]?.version ?? 0
      if (version > (unchecked.get(pollId) ?? version)) ahead.set(pollId, version)
      unchecked.delete(pollId)
    }
    return ahead
  }

  return {
    async read(pollIds) {
      const read = await tallies.read(pollIds)
      for (const { pollId, version } of read) {
        unchecked.delete(pollId)
        unchecked.set(pollId, version)
      }
      for (const [pollId] of unchecked) {
        if (unchecked.size <= REMEMBERED_POLLS_MAX) break
        unchecked.delete(pollId)
      }
      return read
    },
    async check() {
      if (unchecked.size === 0) return []
      const ahead = await findAhead([...unchecked.keys()].slice(0, POLLS_PER_CHECK_MAX))
      const fellBack: string[] = []
      for (const { pollId, version } of await tallies.read([...ahead.keys()])) {
        const seen = ahead.get(pollId) ?? version
        if (version >= seen) continue
        await tallies.raiseVersion(pollId, seen)
        onFellBack(pollId, seen)
        fellBack.push(pollId)
      }
      return fellBack
    },
  }
}
