import type { EntryId } from '../domain/position.ts'
import type { DoorState, VoterAtDoor } from './vote-door.ts'

/** Permission to restore one door: nobody else may while it lives (`RESTORATION_LIFE_MS`), and it dies with the stream's data. */
export type Restoration = {
  readonly partition: number
  readonly pollId: string
  readonly token: string
  /**
   * The last entry that was in the stream when the restoration began, `0-0` where none was; nothing of this poll is appended until the
   * door is back. Not the last one that ever was: what somebody has taken out of the stream will never be read, unless its owner has it in hand already.
   */
  readonly end: EntryId
  /** What the stream believes its epoch is; 0 where it has lost it. */
  readonly epoch: number
}

export const RESTORATION_LIFE_MS = 30_000

/**
 * Brings a missing door back from the ledger: a door that is missing is loaded, never taken for new. A door of an earlier
 * round counts as missing: the restored one replaces it and MUST know none of its voters.
 */
export type DoorRestoration = {
  /** For the poll's round as the store has it. Null when the door of this or a later round is there, or while somebody else restores it. */
  begin(partition: number, pollId: string, round: number): Promise<Restoration | null>
  /** Writes voters of the door. False when the permission no longer counts: begin again. MUST NOT touch a door of this or a later round. */
  putVoters(restoration: Restoration, round: number, voters: readonly VoterAtDoor[]): Promise<boolean>
  /**
   * Writes the door, last; from then on it lets votes in. `epoch` is that of the checkpoint which the voters were read behind;
   * MUST be refused (false) where the stream knows a higher one, and is taken over where it knows none. False when the permission no longer counts.
   */
  finish(restoration: Restoration, door: DoorState, epoch: number): Promise<boolean>
  /** Gives the permission back without a door. */
  abandon(restoration: Restoration): Promise<void>
}
