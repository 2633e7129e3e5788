import type { Poll } from '../domain/poll.ts'
import type { Tally } from '../domain/tally.ts'
import type { Selection, VoterKey } from '../domain/vote.ts'

/** A vote that stands: with a selection, and without its place in the stream. */
export type StandingVote = { readonly voter: VoterKey; readonly selection: Selection }

/** `signedResult`: the document that was signed before; null of a round that had no final result. */
export type PrunedRound = { readonly signedResult: string | null }

/** A poll as it was at one moment. */
export type PollSnapshot = {
  readonly poll: Poll
  /** Of the current round; MUST equal the votes below. */
  readonly tally: Tally
  /**
   * The votes of the current round that stand, each once, in an order that is drawn by lot for each snapshot: it MUST say nothing of when
   * they came, nor of who stood where in another snapshot.
   * MUST read a page only when it is asked for, so that whoever reads slowly holds one page and no more.
   */
  readonly votes: AsyncIterable<readonly StandingVote[]>
  /** The votes of a round that stand, each once, in the order of their voter keys; pages as above. The order is for no eyes outside. */
  readonly votesByVoter: (round: number) => AsyncIterable<readonly StandingVote[]>
  /** What is left of a round whose votes were taken out of the ledger; null where they are there. */
  readonly pruned: (round: number) => Promise<PrunedRound | null>
}

/** What somebody has been shown of a poll. */
export type Shown = { readonly revision: number; readonly version: number }

export type PollSnapshots = {
  /**
   * Hands over the poll as it is now, tombstones included, and null for an unknown id. It MUST NOT be older than what is `shown`, nor
   * unknown where something is. Everything that `work` reads of it MUST be of one moment, however long it takes; when it ends, the
   * snapshot is let go. Each page MUST end within a time limit. MUST NOT begin `work` twice.
   */
  read<Result>(pollId: string, shown: Shown, work: (snapshot: PollSnapshot | null) => Promise<Result>): Promise<Result>
}
