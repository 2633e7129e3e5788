import type { Poll } from '../../client/src/index.ts'
import type { Status } from '../poll/status.ts'
import type { TextKey } from '../i18n/messages.ts'

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
