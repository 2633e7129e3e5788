import type { Poll } from '../../domain/poll.ts'
import { type Refused, refuse, refuseForNow } from '../../domain/refusal.ts'
import type { VoteKind } from '../../domain/vote.ts'
import type { DoorAnswer } from '../../ports/vote-door.ts'

/** What has gathered while the ledger was away takes it some seconds. */
const catchUpMs = 5_000

export const pollClosed = refuse('poll_closed', 'This poll is closed.')

/** After as many attempts as somebody can wait for. */
export const pollChanging = refuseForNow('unavailable', 'The poll is changing right now. Please try again.')

/** What the door's answer means to the voter; null where trying again may help. */
export const refusalsOfDoor = {
  already_voted: refuse('already_voted', 'You have already voted in this poll.'),
  no_vote: refuse('no_vote', 'You have no vote in this poll that could be changed.'),
  idempotency_key_reused: refuse(
    'idempotency_key_reused',
    'This Idempotency-Key came with another request before. Take a new one for a new request.',
  ),
  poll_closed: pollClosed,
  overloaded: refuseForNow('overloaded', 'Too many votes wait to be recorded. Please try again.', catchUpMs),
  definition_stale: null,
  door_missing: null,
} satisfies Record<Exclude<DoorAnswer['answer'], 'accepted'>, Refused | null>

const codeUsed = refuse('code_used', 'This voting code has been used already.')

/** The same in the words of the poll: where voters are their codes, a code has voted already. */
export function refuseByDoor(
  { voterIdentity }: Pick<Poll, 'voterIdentity'>,
  answer: keyof typeof refusalsOfDoor,
): Refused | null {
  return answer === 'already_voted' && voterIdentity === 'code' ? codeUsed : refusalsOfDoor[answer]
}

/** Whoever names a round wants no other: what was chosen before a reset is no vote after it. */
export function refuseByRound({ round: current }: Pick<Poll, 'round'>, named: number | null): Refused | null {
  if (named === null || named === current) return null
  return refuse('round_not_current', `This vote is for round ${named}, and the poll is in round ${current}.`)
}

/**
 * A poll that has ended refuses at once only what brings no request key. With a key the door is asked: it may have accepted this
 * very request before, and an answer that was lost on its way must not turn into "too late".
 */
export function refuseByDefinition(poll: Poll, kind: VoteKind, hasRequestKey: boolean): Refused | null {
  switch (poll.status) {
    case 'draft':
    case 'scheduled':
      return refuse('poll_not_open', 'This poll is not open yet.')
    case 'open':
      return refuseChange(poll, kind)
    case 'closing':
    case 'closed':
      return hasRequestKey && refuseChange(poll, kind) === null ? null : pollClosed
    case 'deleted':
      return pollClosed
  }
}

/** A host vouches for its voters. Where a poll has codes of its own, those are what it believes. */
export function refuseHost({ voterIdentity }: Poll): Refused | null {
  if (voterIdentity !== 'code') return null
  return refuse('forbidden', 'This poll asks its voters for a code, so no host can vote for them.')
}

function refuseChange({ allowVoteChange, voterIdentity }: Poll, kind: VoteKind): Refused | null {
  if (kind === 'cast') return null
  if (!allowVoteChange) return refuse('change_not_allowed', 'Votes in this poll are final.')
  // Without an identity a request stands for itself, so nobody can show that an earlier vote is theirs.
  return voterIdentity === 'none' ? refuse('change_not_allowed', 'Nobody is recognised in this poll.') : null
}

export function hasEnded({ status }: Poll): boolean {
  return status === 'closing' || status === 'closed'
}
