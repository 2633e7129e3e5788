import type { Tally } from '../domain/tally.ts'

/** What the ledger adds up to. */
export type Tallies = {
  /**
   * Makes a closing poll closed when the markers of its round from all partitions are recorded, and an open poll closing when
   * one is: its door has shut for good. True when the poll is final now.
   */
  finalise(pollId: string): Promise<boolean>
  /** Tallies over all partitions, each in one snapshot with revision and status, from the primary; unknown polls are left out. */
  read(pollIds: readonly string[]): Promise<readonly Tally[]>
  /** Makes the poll's version higher than `seen`, where it is not: the ledger fell back behind what viewers have seen. */
  raiseVersion(pollId: string, seen: number): Promise<void>
  /**
   * Polls whose recorded changes nobody may have announced (their worker died between commit and news), and are `settledMs` old: the
   * next ones behind `after`, in the order of their ids. With `settledMs` 0 MUST list whatever was recorded, and with `after` '' begins.
   */
  unannounced(settledMs: number, after: string, pollsMax: number): Promise<readonly string[]>
  /** Polls whose tally was changed within `withinMs`, the latest change first. */
  changedLately(withinMs: number, pollsMax: number): Promise<readonly string[]>
  /**
   * Counts the ledger of the poll's current round anew and compares it with the tally, both in one snapshot: every option, and the
   * number of votes. In the same snapshot, the votes whose voter is not in the register of a poll of codes. Changes nothing. Null for an
   * unknown poll.
   */
  recount(pollId: string): Promise<Recount | null>
  /** The same for every round that the poll has had, all in one snapshot, the latest first. Empty for an unknown poll. */
  recountRounds(pollId: string): Promise<readonly Recount[]>
  /** The same for one of these rounds, at the cost of that one alone. Null for one that the poll has not had. */
  recountRound(pollId: string, round: number): Promise<Recount | null>
}

export type Recount = {
  readonly pollId: string
  readonly round: number
  /** As the ledger has them. */
  readonly totalVotes: number
  /** Empty when tally and ledger agree. */
  readonly differences: readonly Difference[]
  /**
   * Votes that no code of the poll has led to; 0 when all is well. Of a current round alone: what an earlier one asked its voters for is
   * not known any more.
   */
  readonly unregisteredVotes: number
  /** Votes that stood, of a round whose votes were taken out of the ledger: nothing is compared then. Null of all others. */
  readonly prunedVotes: number | null
}

/** `optionId` null stands for the number of votes. */
export type Difference = { readonly optionId: number | null; readonly tally: number; readonly ledger: number }
