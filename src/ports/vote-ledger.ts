import type { Checkpoint, EntryId, Position } from '../domain/position.ts'
import type { LedgerVote, PositionedVote, SetAsideReason, VoterKey } from '../domain/vote.ts'
import type { VoterAtDoor } from './vote-door.ts'

export type CloseMarker = { readonly pollId: string; readonly round: number; readonly position: Position }

/** What could not be recorded, with its place and reason. `payload` is what the stream held. */
export type SetAside = {
  readonly position: Position
  readonly pollId: string | null
  readonly reason: SetAsideReason
  readonly payload: string
}

export const NAMED_MAX = 10

/** What names a vote, without what it says. */
export type NamedVote = Pick<PositionedVote, 'pollId' | 'round' | 'voter' | 'position'>

/**
 * One step of a partition's owner: everything between two checkpoints. `votes` holds one vote per poll, round, voter, and none
 * that stands behind a marker of its round in the same batch.
 */
export type LedgerBatch = {
  readonly owner: string
  readonly from: Checkpoint
  readonly to: EntryId
  readonly votes: readonly PositionedVote[]
  readonly markers: readonly CloseMarker[]
  readonly setAside: readonly SetAside[]
  /** All changes up to this moment (milliseconds, ledger's clock) have been announced. */
  readonly announcedUntil: number
}

export type Recorded = {
  readonly checkpoint: Checkpoint
  /** Polls whose tally or status may differ now. */
  readonly pollIds: readonly string[]
  readonly written: number
  readonly setAside: number
  /** The first of those that were set aside and are votes, `NAMED_MAX` at most. */
  readonly named: readonly NamedVote[]
  /** The ledger's clock at the commit; MUST be higher than at every earlier commit of the partition. */
  readonly recordedAt: number
}

/** The truth: one row per poll, round and voter, and the tallies that always equal it. */
export type VoteLedger = {
  /**
   * Records the batch in ONE transaction: votes by the rule of `judgeVote`, tallies, close markers, set-aside votes,
   * checkpoint. MUST change nothing and return 'fenced' where the owner or the old checkpoint no longer matches. MUST leave every
   * tally equal to the ledger. Votes of earlier rounds are kept in the ledger under their round. Once the marker of a round is
   * recorded at this partition, the first one, a vote MUST NOT change that round: whatever it would have written is set aside
   * as `poll_closed`, wherever it stands. What lies in a partition that is not its voter's, or that its poll has not, MUST count for
   * nothing: a vote is set aside as `partition_wrong`, a marker left alone. Of a round whose votes were pruned nothing MUST be recorded
   * or set aside again. Rejects with `ContentUnrecordable` where it can never hold what the batch says.
   */
  record(batch: LedgerBatch): Promise<Recorded | 'fenced'>
  /** The voter's row, null where there is none. */
  find(pollId: string, round: number, voter: VoterKey): Promise<LedgerVote | null>
  /** Whether the vote at this place was set aside. */
  isSetAside(partition: number, position: Position): Promise<boolean>
  /** All voters of a round whose partition this is, in pages of at most `pageSize`. */
  voters(
    pollId: string,
    round: number,
    partition: number,
    partitions: number,
    pageSize: number,
  ): AsyncIterable<readonly VoterAtDoor[]>
}
