import type { Poll, TallyMessage } from '../../client/src/index.ts'

export type Status = TallyMessage['status']

type Known = {
  readonly tally: Pick<TallyMessage, 'status' | 'revision'> | null
  readonly isGone: boolean
}

/** Where a poll stands: definition and tally come apart, and either may be ahead for a moment. */
export function statusOf({ tally, isGone }: Known, poll: Pick<Poll, 'status' | 'revision'>): Status {
  if (isGone) return 'deleted'
  return tally === null || tally.revision < poll.revision ? poll.status : tally.status
}

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

type Visibility = Poll['results_visibility']

/** What of a poll's settings hides its result from the public now; null where nothing does. Who has voted, or manages the poll, may see more. */
export function whyHidden(visibility: Visibility, status: Status): Exclude<Visibility, 'always'> | null {
  if (visibility === 'always' || (status === 'closed' && visibility !== 'never')) return null
  return visibility
}
