import type { Position } from '../domain/position.ts'
import type { Selection, VoteKind, VoterKey } from '../domain/vote.ts'

/** One vote that asks to be let in. `revision` is that of the definition which the selection was checked against. */
export type DoorCall = {
  readonly pollId: string
  readonly round: number
  readonly revision: number
  readonly kind: VoteKind
  readonly voter: VoterKey
  readonly selection: Selection
  /** A hash of the request's Idempotency-Key, 16 hexadecimal digits; null without a key. */
  readonly requestKey: string | null
}

export type DoorAnswer =
  | { readonly answer: 'accepted'; readonly position: Position; readonly isRepeated: boolean }
  | { readonly answer: 'already_voted' | 'no_vote' | 'idempotency_key_reused' | 'poll_closed' }
  | { readonly answer: 'definition_stale' | 'door_missing' }
  | { readonly answer: 'overloaded' }

export type DoorState = {
  readonly pollId: string
  readonly round: number
  readonly revision: number
  readonly closesAt: number | null
}

export type VoterAtDoor = { readonly voter: VoterKey; readonly selection: Selection; readonly position: Position }

/** The gate of a poll at a partition, and the only way into the stream. Every call concerns one partition. */
export type VoteDoor = {
  /**
   * Judges the calls in their order and appends the accepted ones as ONE entry, atomically; answers in the same order.
   * MUST answer `accepted` only when the stream holds the vote at the configured durability, and MUST NOT append a vote
   * that it answers otherwise. The same selection again, or a known request key, MUST be answered with the first position and
   * `isRepeated`, appending nothing. A shut door of that round MUST answer a known request key all the same: the same
   * request with the first position, appending nothing, another one with `idempotency_key_reused`; every other call is
   * `poll_closed` there. The door MUST judge `closesAt` by the stream's own clock; the first call at or after it MUST shut
   * the door and append the close marker. An older revision, or an earlier round than the door's, is `definition_stale`; to a
   * later round a door MUST count as missing, whatever its state. Where the partition holds as many votes that the ledger is
   * not known to have (`VoteStream.follow`) as are configured, a call that would be accepted MUST be answered `overloaded`,
   * and nothing else changes: repetitions and refusals are answered, close markers appended, as ever.
   * Rejects when the outcome is unknown: the caller may call again, which counts once. MUST reject with `DependencyMoving` where a poll
   * of the batch can be judged nowhere for now and nothing was done for its sake: those of another poll may be judged alone.
   */
  append(partition: number, calls: readonly DoorCall[]): Promise<readonly DoorAnswer[]>
  /** The voter's vote as the door knows it, recorded or not; null before the first. */
  look(partition: number, pollId: string, round: number, voter: VoterKey): Promise<VoterAtDoor | null | 'door_missing'>
  /** Opens a new round that nobody can have voted in: MUST replace a door of an earlier round and its voters, and leave one of this or a later round untouched. */
  open(partition: number, door: DoorState): Promise<void>
  /**
   * Takes a higher revision and its `closesAt` over to a door of this round; a shut or missing door stays as it is. MUST
   * answer `shut` where the door of this round is shut, also one that counts as missing: it comes back shut.
   */
  revise(partition: number, door: DoorState): Promise<'done' | 'shut'>
  /**
   * MUST leave the door shut for this round, also where it was missing, and append the close marker: once when the door
   * was open, and again when `isRepeat` (a marker recorded twice closes once). A shut door MUST NOT reopen in its round.
   */
  shut(partition: number, pollId: string, round: number, isRepeat: boolean): Promise<void>
  /** Removes door and voters of a deleted or long final poll. */
  remove(partition: number, pollId: string): Promise<void>
  /** How often the partition was out of reach so far: after each time it may have come back with a shorter log. */
  interruptions(partition: number): number
  /** Milliseconds since 1970 by the stream's clock, the only clock that opens and closes polls. */
  now(): Promise<number>
}
