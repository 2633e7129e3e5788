import type { Poll } from '../../client/src/index.ts'
import type { Status } from '../follow/status.ts'
import type { TextKey } from '../i18n/messages.ts'

/** Where a poll stands, in a word or two. */
export const statusNames = {
  draft: 'vote.status_draft',
  scheduled: 'vote.status_draft',
  open: 'vote.status_open',
  closing: 'vote.status_closing',
  closed: 'vote.status_closed',
  deleted: 'vote.status_deleted',
} as const satisfies Record<Status, TextKey>

/** What there is to know where nobody can vote; null where that goes without saying. */
export function noteOf(status: Status, { voter_identity: identity }: Pick<Poll, 'voter_identity'>): TextKey | null {
  return status === 'open' && identity === 'token' ? 'vote.with_the_host' : statusNotes[status]
}

const statusNotes = {
  draft: 'vote.not_begun',
  scheduled: 'vote.not_begun',
  open: null,
  closing: 'vote.being_counted',
  closed: 'vote.ended',
  deleted: null,
} as const satisfies Record<Status, TextKey | null>

/** Why no result is shown. */
export const hiddenNotes = {
  always: null,
  after_vote: 'vote.hidden_after_vote',
  after_close: 'vote.hidden_after_close',
  never: 'vote.hidden_never',
} as const satisfies Record<Poll['results_visibility'], TextKey | null>

/** Whether anybody could have voted: before that no counts are worth a line. */
export function hasBegun(status: Status): boolean {
  return status !== 'draft' && status !== 'scheduled'
}

/** The change that the poll makes next by itself; null where it makes none. */
export function nextChange(
  status: Status,
  { opens_at: opensAt, closes_at: closesAt }: Pick<Poll, 'opens_at' | 'closes_at'>,
): { readonly at: string; readonly isOpening: boolean } | null {
  if (status === 'scheduled' && opensAt !== null) return { at: opensAt, isOpening: true }
  return status === 'open' && closesAt !== null ? { at: closesAt, isOpening: false } : null
}
