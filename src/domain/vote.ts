import type { Position } from './position.ts'

/** 16 bytes as 32 hexadecimal digits: a keyed hash of poll and subject. Nothing else of a voter is stored. */
export type VoterKey = string & { readonly brand: 'VoterKey' }

/** Ids of the chosen options, ascending, none twice. Empty: the vote was retracted. */
export type Selection = readonly number[]

/**
 * What the voter asked for. `cast` (POST) never replaces a vote that stands; `change` (PUT) and `retract` (DELETE) do.
 * After a retract a `cast` counts again.
 */
export type VoteKind = 'cast' | 'change' | 'retract'

/** A vote as the stream carries it. */
export type Vote = {
  readonly pollId: string
  readonly round: number
  readonly voter: VoterKey
  readonly kind: VoteKind
  readonly selection: Selection
}

/** A vote with its place in the stream. */
export type PositionedVote = Vote & { readonly position: Position }

/** What the ledger shows of one voter of a round. */
export type LedgerVote = { readonly selection: Selection; readonly position: Position }

/**
 * Why a vote could not be recorded. Kept with the vote for whoever must explain it.
 *
 * - `poll_closed`: its partition had recorded the close marker of the round; it can only happen where the stream lost its log and
 *   with it the shutting of the door.
 * - `partition_wrong`: it lies in a partition that is not its voter's, whose votes another owner judges at the same time; no api put
 *   it there.
 */
export type SetAsideReason =
  | 'already_voted'
  | 'poll_closed'
  | 'poll_unknown'
  | 'partition_wrong'
  | 'selection_unknown'
  | 'unreadable'

/**
 * The rule of the ledger for one vote: what happens to the voter's row.
 *
 * - `write`: the row shows this vote from now on.
 * - `ignore`: the row already shows this vote or a later one (a delivery again, a replay of the stream).
 * - `set_aside`: another first vote counts; it can only happen where the stream lost its log and with it the door.
 */
export function judgeVote(row: LedgerVote | undefined, vote: PositionedVote): 'write' | 'ignore' | 'set_aside' {
  if (row === undefined) return 'write'
  if (vote.position <= row.position) return 'ignore'
  if (vote.kind !== 'cast' || row.selection.length === 0) return 'write'
  return isSameSelection(row.selection, vote.selection) ? 'ignore' : 'set_aside'
}

export function isSameSelection(a: Selection, b: Selection): boolean {
  return a.length === b.length && a.every((optionId, index) => optionId === b[index])
}

/** The partition that takes all votes of a voter: the first 4 bytes of the voter key mod the number of partitions. */
export function partitionOf(voter: VoterKey, partitions: number): number {
  return Number.parseInt(voter.slice(0, 8), 16) % partitions
}
