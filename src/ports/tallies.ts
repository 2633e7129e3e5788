import type { Tally } from '../domain/tally.ts'

/** What the ledger adds up to. */
export type Tallies = {
  /** Makes a closing poll closed when the markers of its round from all partitions are recorded. True when it is final now. */
  finalise(pollId: string): Promise<boolean>
  /** Tallies over all partitions, each in one snapshot with revision and status, from the primary; unknown polls are left out. */
  read(pollIds: readonly string[]): Promise<readonly Tally[]>
  /** Polls whose recorded changes nobody may have announced (their worker died between commit and news), older than `settledMs`. */
  unannounced(settledMs: number, pollsMax: number): Promise<readonly string[]>
  /** Compares tally and ledger in one snapshot; the differences, empty when they agree. Null for an unknown poll. */
  recount(pollId: string): Promise<Recount | null>
}

export type Recount = {
  readonly pollId: string
  readonly round: number
  readonly totalVotes: number
  readonly differences: readonly { readonly optionId: number | null; readonly tally: number; readonly ledger: number }[]
}
