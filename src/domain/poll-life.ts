import type { Poll } from './poll.ts'
import { type Refused, refuse } from './refusal.ts'

/** Opens the poll now. An open poll stays as it is, so that asking again does no harm. */
export function openPoll(poll: Poll, now: number): Poll | Refused {
  switch (poll.status) {
    case 'draft':
    case 'scheduled':
      if (poll.closesAt !== null && poll.closesAt <= now) {
        return refuse('poll_closed', 'The time in closes_at has passed. Move it, or take it away, then open the poll.')
      }
      return { ...poll, status: 'open', openedAt: now, revision: poll.revision + 1 }
    case 'open':
      return poll
    case 'closing':
    case 'closed':
      return refuseFinal()
    case 'deleted':
      return refuseUnknown()
  }
}

/**
 * Opens a scheduled poll whose time has come. If its `closesAt` has passed too (nobody served meanwhile) it opens all the same
 * and closes next, with no votes, so that it does not stay scheduled for ever.
 */
export function openDue(poll: Poll, now: number): Poll | Refused {
  if (poll.status !== 'scheduled' || poll.opensAt === null || poll.opensAt > now) return poll
  return { ...poll, status: 'open', openedAt: now, revision: poll.revision + 1 }
}

/**
 * From now on the doors are being shut; the poll is closed when each has left its marker in the ledger. A poll that is
 * closing or closed stays as it is.
 */
export function beginClosing(poll: Poll): Poll | Refused {
  switch (poll.status) {
    case 'draft':
    case 'scheduled':
      return refuse('poll_not_open', 'This poll is not open yet, so it cannot be closed.')
    case 'open':
      return { ...poll, status: 'closing', revision: poll.revision + 1 }
    case 'closing':
    case 'closed':
      return poll
    case 'deleted':
      return refuseUnknown()
  }
}

/** A draft again, in a new round. The votes so far stay in the ledger and out of the tally. */
export function resetPoll(poll: Poll): Poll | Refused {
  if (poll.status === 'deleted') return refuseUnknown()
  return {
    ...poll,
    status: 'draft',
    round: poll.round + 1,
    opensAt: null,
    closesAt: null,
    openedAt: null,
    closedAt: null,
    editedAt: null,
    revision: poll.revision + 1,
  }
}

/** What remains is a tombstone, so that whoever still holds the poll learns that it is gone. */
export function deletePoll(poll: Poll): Poll | Refused {
  if (poll.status === 'deleted') return refuseUnknown()
  return { ...poll, status: 'deleted', revision: poll.revision + 1 }
}

export function refuseUnknown(): Refused {
  return refuse('poll_not_found', 'There is no such poll. It may have been deleted.')
}

export function refuseFinal(): Refused {
  return refuse('poll_final', 'This poll has closed and its result is final. A reset begins a new round.')
}
