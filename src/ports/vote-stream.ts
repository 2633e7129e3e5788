import type { EntryId } from '../domain/position.ts'
import type { Vote } from '../domain/vote.ts'

/** One entry of a partition. `epoch` is what the partition's epoch was when it was appended. */
export type StreamEntry = {
  readonly id: EntryId
  readonly epoch: number
  /** When it was appended, by the stream's clock, in milliseconds since 1970. */
  readonly appendedAt: number
  readonly content: EntryContent
}

export type EntryContent =
  | { readonly type: 'votes'; readonly votes: readonly Vote[] }
  | { readonly type: 'close'; readonly pollId: string; readonly round: number }
  /** Written by a newer version of Tallycast: it MUST wait for a worker that understands it. */
  | { readonly type: 'newer'; readonly formatVersion: number }
  | UnreadableEntry

/** What nobody can make sense of, as the stream holds it: whoever can read it later needs it whole. */
export type UnreadableEntry = {
  readonly type: 'unreadable'
  readonly reason: string
  /** NaN where the entry does not say. */
  readonly formatVersion: number
  /** What the bytes were said to be; null where the entry says neither or both. */
  readonly meaning: 'votes' | 'close' | null
  readonly bytes: Uint8Array
}

/** The log of accepted votes, one stream per partition; this is the reader's side. */
export type VoteStream = {
  /**
   * The entries after `after`, oldest first, at most `entriesMax`. Waits up to `waitMs` for the first one, then returns an
   * empty list. MUST return every entry exactly in the order of appending, and never an entry while an earlier one can
   * still appear. Returns at once when the signal aborts.
   */
  read(
    partition: number,
    after: EntryId,
    limits: { entriesMax: number; waitMs: number },
    signal: AbortSignal,
  ): Promise<readonly StreamEntry[]>
  /** The entries after `after` as they are now, oldest first, at most `entriesMax`. MUST NOT wait, also not for a read that does. */
  peek(partition: number, after: EntryId, entriesMax: number): Promise<readonly StreamEntry[]>
  /** The id of the last entry that was ever appended, `0-0` for an empty stream; and whether `entry` is still there. */
  inspect(partition: number, entry: EntryId): Promise<{ readonly end: EntryId; readonly hasEntry: boolean }>
  /** Those of the entries, in their order, that are not there. */
  missing(partition: number, entries: readonly EntryId[]): Promise<readonly EntryId[]>
  /**
   * Tells the partition its epoch, never a lower one. Doors of an earlier epoch MUST count as missing from then on. MUST answer the
   * epoch that the partition has now: a higher one than was told where it had that before.
   */
  raiseEpoch(partition: number, epoch: number): Promise<number>
  /**
   * Tells the stream how far the ledger is: from then on the votes up to `recorded` MUST NOT count as unrecorded at the door,
   * and those after it MUST. A place before one that it was told earlier changes nothing. Stock tools are shown it too.
   */
  follow(partition: number, recorded: EntryId): Promise<void>
  /** Removes entries that lie below `recorded` and are older than `olderThanMs`; MUST NOT remove others. */
  trim(partition: number, recorded: EntryId, olderThanMs: number): Promise<void>
  backlog(partition: number, recorded: EntryId): Promise<Backlog>
}

/** What waits behind the checkpoint. */
export type Backlog = {
  /** Past some thousands the number may be too low. */
  readonly votes: number
  /** How many milliseconds the oldest entry has waited; 0 where none does. */
  readonly oldestMs: number
  /** The format version of the oldest entry, where it is newer than this version understands: it waits, and all behind it. */
  readonly newerFormat: number | null
}
