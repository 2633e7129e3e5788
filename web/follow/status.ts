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
