import type { Position } from '../domain/position.ts'
import type { ReplayOutcome } from '../domain/replay.ts'
import type { Selection, SetAsideReason, VoteKind } from '../domain/vote.ts'

/** Where it stood in the stream, which names it. */
export type SetAsidePlace = { readonly partition: number; readonly position: Position }

/** What it says, without who voted. */
export type SetAsideContent =
  | { readonly type: 'vote'; readonly round: number; readonly kind: VoteKind; readonly selection: Selection }
  | { readonly type: 'close'; readonly round: number }
  /** An entry that nobody could read: its first bytes, at most `BYTES_SHOWN_MAX`, and how many there were. */
  | { readonly type: 'unread'; readonly bytes: Uint8Array; readonly length: number }

export const BYTES_SHOWN_MAX = 4096

export type SetAsideItem = SetAsidePlace & {
  /** Null where the entry does not say. */
  readonly pollId: string | null
  readonly reason: SetAsideReason
  /** What the reader or the ledger said of it; null where the reason says all. */
  readonly detail: string | null
  readonly content: SetAsideContent
  readonly setAsideAt: number
  /** How the last replay ended, and since when it is so; null before the first. */
  readonly replayed: { readonly outcome: ReplayOutcome; readonly at: number } | null
}

export type ReplayedItem = SetAsidePlace & { readonly pollId: string | null; readonly outcome: ReplayOutcome }

/** Votes that could not be recorded, kept beside the ledger. */
export type SetAsideVotes = {
  /** What was set aside at this place; null where nothing was. */
  find(place: SetAsidePlace): Promise<SetAsideItem | null>
  /**
   * What was set aside, of this poll or (null) at all, oldest first, after the cursor that the page before returned; null for a
   * cursor that none did.
   */
  list(
    pollId: string | null,
    cursor: string | null,
    pageSize: number,
  ): Promise<{ readonly items: readonly SetAsideItem[]; readonly nextCursor: string | null } | null>
  /**
   * Tries to record anew what was set aside at these places, those of one partition in ONE transaction, by `judgeReplay` and
   * then by the rule of the ledger. Answers in the order asked. MUST leave every tally equal to the ledger, and MUST NOT
   * change a round that is final, over, or closed at that partition. What was recorded MUST NOT be recorded again, and is answered as the
   * first time. MUST be safe while the partition's owner records. An entry that could not be read and can be now becomes one item per
   * vote, each answered behind it. A poll that gained a vote MUST count as unannounced until somebody announces it.
   */
  replay(places: readonly SetAsidePlace[]): Promise<readonly ReplayedItem[]>
}
