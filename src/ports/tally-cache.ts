import type { Poll } from '../domain/poll.ts'
import type { Tally } from '../domain/tally.ts'

/** The newest definition and tally of each poll, shared by all processes, so that reading asks the ledger only when cold. */
export type TallyCache = {
  /** MUST keep the tally only where none, or one with a lower version, is kept. */
  putTally(tally: Tally): Promise<void>
  /** MUST keep the definition only where none, or one with a lower revision, is kept. */
  putPoll(poll: Poll): Promise<void>
  getTally(pollId: string): Promise<Tally | null>
  getPoll(pollId: string): Promise<Poll | null>
  /** Versions and revisions as kept (null: not kept), in the order asked: a cheap check for lost news. */
  versions(
    pollIds: readonly string[],
  ): Promise<readonly { readonly version: number | null; readonly revision: number | null }[]>
  /** Lets definition and tally go after `afterMs`. */
  expire(pollId: string, afterMs: number): Promise<void>
}
