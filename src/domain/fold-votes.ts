import { isSameSelection, type PositionedVote, type VoterKey } from './vote.ts'

export type FoldedVotes = {
  /** At most one vote per poll, round and voter: the one that the ledger should show after all of them. */
  readonly votes: readonly PositionedVote[]
  /** First votes that came second: see `judgeVote`. */
  readonly setAside: readonly PositionedVote[]
}

/**
 * Folds votes, given in the order of their positions, so that each voter of a round appears once: the statement that writes
 * a batch may not touch a row twice.
 *
 * Each round has a map of its own, so that no key need be joined of poll, round and voter for every vote.
 */
export function foldVotes(votes: readonly PositionedVote[]): FoldedVotes {
  const latest: PositionedVote[] = []
  const setAside: PositionedVote[] = []
  const placesIn = createRoundPlaces()
  for (const vote of votes) {
    const places = placesIn(vote)
    const place = places.get(vote.voter)
    const earlier = place === undefined ? undefined : latest[place]
    if (place === undefined || earlier === undefined) {
      places.set(vote.voter, latest.push(vote) - 1)
    } else if (vote.kind !== 'cast') {
      latest[place] = vote
    } else if (earlier.selection.length === 0) {
      // After a retract in the same batch a cast replaces whatever row the ledger holds, as a change does.
      latest[place] = { ...vote, kind: 'change' }
    } else if (!isSameSelection(earlier.selection, vote.selection)) {
      setAside.push(vote)
    }
  }
  return { votes: latest, setAside }
}

/** Where each voter of a vote's round stands. Votes of one round mostly follow each other. */
function createRoundPlaces(): (vote: PositionedVote) => Map<VoterKey, number> {
  const byRound = new Map<string, Map<VoterKey, number>>()
  let last: { readonly pollId: string; readonly round: number; readonly places: Map<VoterKey, number> } | null = null
  return ({ pollId, round }) => {
    if (last !== null && last.round === round && last.pollId === pollId) return last.places
    const key = `${round} ${pollId}`
    const places = byRound.get(key) ?? new Map<VoterKey, number>()
    byRound.set(key, places)
    last = { pollId, round, places }
    return places
  }
}
