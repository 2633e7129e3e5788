// Beside the flow: takes the votes of old rounds out of the ledger, and of what was set aside. What came of them stays.
import type { AuditOrigin } from '../domain/audit.ts'
import { isRefused } from '../domain/refusal.ts'
import type { OldRound, OldRounds } from '../ports/old-rounds.ts'
import type { PollSnapshots } from '../ports/poll-snapshots.ts'
import type { Tallies } from '../ports/tallies.ts'
import { differencesIn } from './recount-polls.ts'
import type { SignSnapshot } from './sign-snapshot.ts'

/** `differs`: tally and ledger do not agree, and the ledger is all that could tell why. `not_over`: something has changed meanwhile. */
export type Pruned = 'pruned' | 'differs' | 'not_over'

export type PruneRounds = {
  /** Rounds that may be pruned, of this poll or, where that is null, of all. */
  list(before: number, pollId: string | null): AsyncIterable<OldRound>
  /**
   * Counts the votes of the round anew, keeps its signed result where it has a final one, and takes its votes out of the ledger and of
   * what was set aside; where that was cut short before, it goes on.
   */
  prune(round: OldRound): Promise<Pruned>
}

export type PruneRoundsParts = {
  readonly oldRounds: OldRounds
  readonly tallies: Pick<Tallies, 'recountRound'>
  readonly snapshots: PollSnapshots
  readonly signSnapshot: SignSnapshot
  readonly origin: AuditOrigin
  readonly votesPerSlice?: number
}

const roundsPerPage = 100
/** A transaction of some tenths of a second: whoever records votes meanwhile does not notice. */
const votesPerSliceDefault = 10_000
const nothingShown = { revision: 0, version: 0 }

export function createPruneRounds(parts: PruneRoundsParts): PruneRounds {
  const { oldRounds, tallies, snapshots, signSnapshot, origin, votesPerSlice = votesPerSliceDefault } = parts

  /** From here on there is no way back, so everything is looked at before. */
  async function mark(round: OldRound): Promise<Pruned> {
    const recount = await tallies.recountRound(round.pollId, round.round)
    if (recount === null) return 'not_over'
    if (differencesIn(recount) > 0) return 'differs'
    const signed = round.isFinal ? await snapshots.read(round.pollId, nothingShown, signSnapshot) : null
    // Reset or deleted since it was listed.
    if (isRefused(signed) || (signed !== null && signed.poll.round !== round.round)) return 'not_over'
    const kept = { votes: recount.totalVotes, signedResult: signed?.text ?? null }
    return (await oldRounds.mark(round, kept, { ...origin, action: 'votes_pruned' })) ? 'pruned' : 'not_over'
  }

  /** What was set aside goes last: a commit that was under way when the round was marked may still add to it. */
  async function removeVotes(round: OldRound): Promise<void> {
    for (let after: string | null = null; ;) {
      after = await oldRounds.remove(round, after, votesPerSlice)
      if (after === null) break
    }
    while ((await oldRounds.removeSetAside(round, votesPerSlice)) === votesPerSlice);
  }

  return {
    async *list(before, pollId) {
      for (let after: OldRound | null = null; ;) {
        const page: readonly OldRound[] = await oldRounds.list(before, pollId, after, roundsPerPage)
        yield* page
        const last = page.at(-1)
        if (last === undefined || page.length < roundsPerPage) return
        after = last
      }
    },
    async prune(round) {
      const marked = round.isMarked ? 'pruned' : await mark(round)
      if (marked !== 'pruned') return marked
      await removeVotes(round)
      return 'pruned'
    },
  }
}
