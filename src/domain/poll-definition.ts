import type { Poll, PollInput, PollPatch } from './poll.ts'
import { checkClosesAt, checkFields, type PollFields } from './poll-fields.ts'
import { refuseFinal, refuseUnknown } from './poll-life.ts'
import { checkOptionIds, hasSameTexts, isSameList, isSameSet, mergeOptions, numberOptions } from './poll-options.ts'
import { type FieldError, type Refused, refuse } from './refusal.ts'

export type PollOrigin = Pick<Poll, 'id' | 'partitions' | 'manageTokenHash' | 'createdByKey' | 'joinCode'> & {
  readonly now: number
}

/**
 * A new poll. It opens at once, unless it is a draft or `opensAt` lies ahead. All problems of the input are named at once.
 */
export function definePoll(input: PollInput, { now, ...origin }: PollOrigin): Poll | Refused {
  const type = input.type ?? 'single'
  const fields: PollFields = {
    question: input.question.trim(),
    description: (input.description ?? '').trim(),
    type,
    ...numberOptions(input.options),
    minChoices: input.minChoices ?? 1,
    // Who asks for at least two allows two.
    maxChoices: input.maxChoices ?? (type === 'single' ? 1 : (input.minChoices ?? 1)),
    opensAt: input.opensAt ?? null,
    closesAt: input.closesAt ?? null,
    resultsVisibility: input.resultsVisibility ?? 'always',
    voterVisibility: input.voterVisibility ?? 'secret',
    voterIdentity: input.voterIdentity ?? 'session',
    allowVoteChange: input.allowVoteChange ?? false,
  }
  const errors = [...checkNewOnly(input), ...checkFields(fields), ...checkClosesAt(fields, now)]
  if (errors.length > 0) return refuseFields(errors)

  const isScheduled = fields.opensAt !== null && fields.opensAt > now
  const status = input.draft === true ? 'draft' : isScheduled ? 'scheduled' : 'open'
  return {
    ...fields,
    ...origin,
    status,
    openedAt: status === 'open' ? now : null,
    closedAt: null,
    editedAt: null,
    createdAt: now,
    round: 1,
    revision: 1,
  }
}

function checkNewOnly({ draft, opensAt, options }: PollInput): readonly FieldError[] {
  const errors: FieldError[] = []
  if (draft === true && opensAt !== undefined && opensAt !== null) {
    const detail = 'A draft waits until somebody opens it, a poll with opens_at opens by itself: leave one of them out.'
    errors.push({ pointer: '/draft', detail })
  }
  for (const [index, option] of options.entries()) {
    if (option.id === undefined) continue
    errors.push({ pointer: `/options/${index}/id`, detail: 'Options of a new poll get their ids from the service.' })
  }
  return errors
}

/**
 * The poll after an edit; the very same poll where nothing changes. What may change depends on how far its round has come:
 * everything before the opening; while it is open only what cannot bend a vote; afterwards only who sees the result.
 *
 * An `opensAt` that has passed is taken as it is: the poll is due, and opens by the clock.
 */
export function editPoll(poll: Poll, patch: PollPatch, now: number): Poll | Refused {
  if (poll.status === 'deleted') return refuseUnknown()
  const fields = applyPatch(poll, patch)
  const changed = changedFields(poll, fields)
  if (changed.size === 0) return poll

  const frozen = refuseFrozen(poll, fields, changed) ?? refuseEnded(poll, changed, now)
  if (frozen !== null) return frozen
  const errors = [
    ...checkOptionIds(poll.options, patch.options ?? []),
    ...checkFields(fields),
    ...(changed.has('closesAt') || changed.has('opensAt') ? checkClosesAt(fields, now) : []),
  ]
  if (errors.length > 0) return refuseFields(errors)

  const isCorrected = poll.status === 'open' && hasTextChange(poll, fields)
  return {
    ...poll,
    ...fields,
    status: isWaiting(poll) ? (fields.opensAt === null ? 'draft' : 'scheduled') : poll.status,
    editedAt: isCorrected ? now : poll.editedAt,
    revision: poll.revision + 1,
  }
}

function isWaiting(poll: Poll): boolean {
  return poll.status === 'draft' || poll.status === 'scheduled'
}

function applyPatch(poll: Poll, patch: PollPatch): PollFields {
  const type = patch.type ?? poll.type
  const merged =
    patch.options === undefined ? poll : mergeOptions(poll, patch.options, { isSetFixed: !isWaiting(poll) })
  return {
    question: patch.question?.trim() ?? poll.question,
    description: patch.description?.trim() ?? poll.description,
    type,
    options: merged.options,
    nextOptionId: merged.nextOptionId,
    // Another type begins with its defaults.
    minChoices: patch.minChoices ?? (type === poll.type ? poll.minChoices : 1),
    maxChoices: patch.maxChoices ?? (type === poll.type ? poll.maxChoices : 1),
    opensAt: patch.opensAt === undefined ? poll.opensAt : patch.opensAt,
    closesAt: patch.closesAt === undefined ? poll.closesAt : patch.closesAt,
    resultsVisibility: patch.resultsVisibility ?? poll.resultsVisibility,
    voterVisibility: patch.voterVisibility ?? poll.voterVisibility,
    voterIdentity: patch.voterIdentity ?? poll.voterIdentity,
    allowVoteChange: patch.allowVoteChange ?? poll.allowVoteChange,
  }
}

/** Follows from `options`, so it is not a change of its own. */
type Changeable = Exclude<keyof PollFields, 'nextOptionId'>

const CHANGEABLE = {
  question: 'while open',
  description: 'while open',
  options: 'while open',
  closesAt: 'while open',
  resultsVisibility: 'always',
  type: 'before',
  minChoices: 'before',
  maxChoices: 'before',
  opensAt: 'before',
  voterVisibility: 'before',
  voterIdentity: 'before',
  allowVoteChange: 'before',
} as const satisfies Record<Changeable, 'before' | 'while open' | 'always'>

// The cast gives back the keys that Object.keys forgets.
const CHANGEABLE_FIELDS = Object.keys(CHANGEABLE) as readonly Changeable[]

function changedFields(poll: Poll, fields: PollFields): ReadonlySet<Changeable> {
  const isSame = (field: Changeable): boolean =>
    field === 'options' ? isSameList(poll.options, fields.options) : poll[field] === fields[field]
  return new Set(CHANGEABLE_FIELDS.filter((field) => !isSame(field)))
}

function refuseFrozen(poll: Poll, fields: PollFields, changed: ReadonlySet<Changeable>): Refused | null {
  if (isWaiting(poll)) return null
  if (poll.status !== 'open') {
    return [...changed].every((field) => CHANGEABLE[field] === 'always') ? null : refuseFinal()
  }
  const isFrozen = [...changed].some((field) => CHANGEABLE[field] === 'before')
  if (!isFrozen && isSameSet(poll.options, fields.options)) return null
  const detail =
    'This poll has opened: its options, type, limits, opening, identity, secrecy and change policy stay as they are. ' +
    'The texts may be corrected, and a reset begins a new round.'
  return refuse('options_frozen', detail)
}

/** The doors shut themselves at `closesAt`, so from then on it cannot be moved, also while the poll still counts as open. */
function refuseEnded(poll: Poll, changed: ReadonlySet<Changeable>, now: number): Refused | null {
  const hasEnded = poll.status === 'open' && poll.closesAt !== null && poll.closesAt <= now
  if (!hasEnded || !changed.has('closesAt')) return null
  return refuse('poll_closed', 'The poll has reached its closes_at; it cannot be moved any more.')
}

function hasTextChange(poll: Poll, fields: PollFields): boolean {
  return (
    poll.question !== fields.question ||
    poll.description !== fields.description ||
    !hasSameTexts(poll.options, fields.options)
  )
}

function refuseFields(errors: readonly FieldError[]): Refused {
  const count = errors.length === 1 ? 'One field is' : `${errors.length} fields are`
  return refuse('invalid_body', `${count} wrong: ${errors[0]?.detail ?? ''}`, errors)
}
