import type { AuditNote } from '../domain/audit.ts'

/** A round of a poll. */
export type RoundKey = { readonly pollId: string; readonly round: number }

/** A round that is over, and of which votes are still in the ledger or set aside. */
export type OldRound = RoundKey & {
  readonly question: string
  /** It ended by being closed, and is the latest of a poll that was not deleted: there is a final result that can be signed. */
  readonly isFinal: boolean
  /** That stand, by its tally. */
  readonly votes: number
  /** When its tally changed for the last time; of one that has none, when the last of its votes was set aside. */
  readonly recordedAt: number
  /** Its votes were marked as pruned before; removing them was cut short. */
  readonly isMarked: boolean
}

/** Votes of rounds that are over, and how they leave the ledger. */
export type OldRounds = {
  /**
   * Rounds that nobody can vote in any more and whose tally last changed before `before`, in the order of polls and rounds behind `after`: of
   * this poll, or of all where that is null. MUST include those all of whose votes were set aside. MUST leave out every round of a poll that has changed within a day, and one that is closed
   * only since `before`.
   */
  list(before: number, pollId: string | null, after: RoundKey | null, roundsMax: number): Promise<readonly OldRound[]>
  /**
   * Says that the round's votes are gone, and by whose doing: from then on nobody counts them, or hands them out. MUST change nothing and
   * return false where the round is not over. A round that is marked keeps what it has, and gets no further note.
   */
  mark(
    round: RoundKey,
    kept: { readonly votes: number; readonly signedResult: string | null },
    note: AuditNote,
  ): Promise<boolean>
  /**
   * Takes up to `votesMax` votes of a marked round out of the ledger, those behind this voter or, where that is null, the first: answers the
   * voter of the last one, null where there was none. MUST NOT touch a round that is not marked.
   */
  remove(round: RoundKey, after: string | null, votesMax: number): Promise<string | null>
  /** Removes up to `votesMax` of what was set aside of a marked round: answers how many. MUST NOT touch a round that is not marked. */
  removeSetAside(round: RoundKey, votesMax: number): Promise<number>
}
