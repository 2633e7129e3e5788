import type { OwnVote, Poll, TallyMessage } from '../../client/src/index.ts'
import type { Messages } from '../i18n/messages.ts'

/** What the server draws the page of a poll from, and the browser goes on with. Nothing is in it that this reader may not see. */
export type VoteSnapshot = {
  readonly poll: Poll
  readonly tally: TallyMessage
  readonly ownVote: Pick<OwnVote, 'option_ids' | 'status'> | null
  /** Whether the service knows this browser, so that a vote of it is its owner's. Only asked for where a poll goes by that. */
  readonly hasSession: boolean
  /** Somebody whom the poll does not recognise has just voted. */
  readonly hasJustVoted: boolean
  /** Why the form was refused, and what was chosen in it. */
  readonly problem: { readonly code: string; readonly detail: string; readonly chosen: readonly number[] } | null
  /** The code that came with the form; empty without one. */
  readonly code: string
  /** Names the form, so that sending it twice votes once. */
  readonly formKey: string
  /** RFC 3339: when it was drawn, by the clock of the service. */
  readonly drawnAt: string
}

/** What `server.tsx` exports: the page as HTML, in the language that is given, and whether there is anything to choose on it. */
export type DrawVotePage = (
  snapshot: VoteSnapshot,
  language: { readonly tag: string; readonly locale: string; readonly messages: Messages },
) => { readonly body: string; readonly canChoose: boolean }
