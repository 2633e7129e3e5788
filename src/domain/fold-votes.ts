import { isSameSelection, type PositionedVote } from './vote.ts'

export type FoldedVotes = {
  /** At most one vote per poll, round and voter: the one that the ledger should show after all of them. */
  readonly votes: readonly PositionedVote[]
  /** First votes that came second: see `judgeVote`. */
  readonly setAside: readonly PositionedVote[]
}

/**
 * Folds votes, given in the order of their positions, so that each voter of a round appears once: the statement that writes
 * a batch may not touch a row twice.
 */
export function foldVotes(votes: readonly PositionedVote[]): FoldedVotes {
  const latest = new Map<string, PositionedVote>()
  const setAside: PositionedVote[] = []
  for (const vote of votes) {
    const key = `${vote.pollId} ${vote.round} ${vote.voter}`
    const earlier = latest.get(key)
    if (earlier === undefined || vote.kind !== 'cast') {
      latest.set(key, vote)
    } else if (earlier.selection.length === 0) {
      // After a retract in the same batch a cast replaces whatever row the ledger holds, as a change does.
      latest.set(key, { ...vote, kind: 'change' })
    } else if (!isSameSelection(earlier.selection, vote.selection)) {
      setAside.push(vote)
    }
  }
  return { votes: [...latest.values()], setAside }
}
