import type { AuditNote } from '../domain/audit.ts'
import type { Poll } from '../domain/poll.ts'

/** Definitions of polls: the truth that caches are filled from. Written by the admin role alone. */
export type PollStore = {
  /**
   * Keeps a new poll, and in the same transaction the note of who made it. False, and no note, where the id is taken, or the join code by a poll
   * that is not deleted: of many who ask at once with one code, exactly one MUST get it.
   */
  create(poll: Poll, note?: AuditNote): Promise<boolean>
  /** The poll as the primary has it, tombstones included; null for an unknown id. */
  find(pollId: string): Promise<Poll | null>
  /** The id of the poll that has this join code, as the primary has it; null where none has it, or that one was deleted. */
  findByJoinCode(joinCode: string): Promise<string | null>
  /**
   * Keeps a changed definition. MUST change nothing and return false where the stored revision is not `knownRevision`.
   * `poll.revision` MUST be higher than it. The note of who changed it MUST be kept in the same transaction; there is none where time
   * did.
   */
  save(poll: Poll, knownRevision: number, note?: AuditNote): Promise<boolean>
  /**
   * Polls that this key created, or (null) all, newest first, tombstones left out, after the cursor that the page before returned;
   * null for a cursor that none did.
   */
  list(
    cursor: string | null,
    pageSize: number,
    createdByKey: string | null,
  ): Promise<{ readonly polls: readonly Poll[]; readonly nextCursor: string | null } | null>
  /**
   * Polls that time moves on, most overdue first: at most `pollsMax` that are scheduled and due or open and past `closesAt`, then
   * at most `pollsMax` that are closing, so that those that wait for their markers never keep the others waiting.
   */
  listDue(now: number, pollsMax: number): Promise<readonly Poll[]>
  /** The most partitions that any poll has, 0 without polls. */
  partitionsMax(): Promise<number>
  /** Polls whose latest revision was never marked as announced. */
  listUnannounced(pollsMax: number): Promise<readonly Poll[]>
  /** Remembers that doors, caches and viewers know this revision. */
  markAnnounced(pollId: string, revision: number): Promise<void>
  /**
   * Polls that have been at the end of a round for `olderThanMs`, and whose doors of that round nobody removed: closed ones, and
   * those that were reset and never opened again. With the latest such round.
   */
  listWithOldDoors(
    olderThanMs: number,
    pollsMax: number,
  ): Promise<readonly { readonly poll: Poll; readonly endedRound: number }[]>
  /** Remembers that the doors of this round and those before are gone. */
  markDoorsRemoved(pollId: string, endedRound: number): Promise<void>
}
