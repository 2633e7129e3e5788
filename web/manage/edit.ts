import type { Poll, PollEdit, PollStatus } from '../../client/src/index.ts'
import { type Draft, type DraftOption, draftLimits, problemOf, writtenOptions } from '../organiser/draft.ts'

/** A poll as its organiser is editing it. An option that the poll has bears its id, below zero, as its key, which no new one has. */
export type EditDraft = Draft & {
  readonly minChoices: number
  readonly voterVisibility: Poll['voter_visibility']
}

/** How much of a poll may change: all of it before it opens, then what bends no vote, and at last who sees the result. */
export type Freedom = 'everything' | 'texts' | 'visibility'

const freedoms = {
  draft: 'everything',
  scheduled: 'everything',
  open: 'texts',
  closing: 'visibility',
  closed: 'visibility',
} as const satisfies Record<PollStatus, Freedom>

export function freedomOf(status: PollStatus): Freedom {
  return freedoms[status]
}

export function draftOf(poll: Poll): EditDraft {
  return {
    question: poll.question,
    description: poll.description,
    options: poll.options.map(({ id, text }) => ({ key: -id, text })),
    isMultiple: poll.type === 'multiple',
    minChoices: poll.min_choices,
    maxChoices: poll.max_choices,
    opensAt: localTime(poll.opens_at),
    closesAt: localTime(poll.closes_at),
    resultsVisibility: poll.results_visibility,
    voterVisibility: poll.voter_visibility,
    voterIdentity: poll.voter_identity,
    allowVoteChange: poll.allow_vote_change,
  }
}

/** As the browser's own field has times: local, without a zone, to the minute; empty where there is none. */
function localTime(time: string | null): string {
  if (time === null) return ''
  const date = new Date(time)
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 'YYYY-MM-DDTHH:mm'.length)
}

/** Whether an option that has to stay was left without a text. */
export function hasEmptiedOption({ options }: EditDraft, freedom: Freedom): boolean {
  return freedom === 'texts' && options.some(({ text }) => text.trim() === '')
}

/** Why else it cannot be saved, in a sentence; null where it can, as far as can be told here. Times that the poll has already are not judged again. */
export function problemOfEdit(
  before: EditDraft,
  after: EditDraft,
  freedom: Freedom,
  now: number,
): ReturnType<typeof problemOf> {
  if (freedom === 'visibility') return null
  const hasNewTimes = changed(before, after, 'opensAt') || changed(before, after, 'closesAt')
  return problemOf(hasNewTimes ? after : { ...after, opensAt: '', closesAt: '' }, now)
}

/**
 * What is different from before, and may be: all else is left as the poll has it, also where somebody else has changed it meanwhile. Empty where
 * nothing is.
 */
export function patchOf(before: EditDraft, after: EditDraft, freedom: Freedom): PollEdit {
  const visibility = changed(before, after, 'resultsVisibility') && { results_visibility: after.resultsVisibility }
  if (freedom === 'visibility') return { ...visibility }
  const texts = {
    ...visibility,
    ...(changed(before, after, 'question') && { question: after.question.trim() }),
    ...(changed(before, after, 'description') && { description: after.description.trim() }),
    ...(!hasSameOptions(before, after) && { options: optionsOf(after) }),
    ...(changed(before, after, 'closesAt') && { closes_at: timeOf(after.closesAt) }),
  }
  if (freedom === 'texts') return texts
  return {
    ...texts,
    ...(!isSame(limitsOf(before), limitsOf(after)) && limitsOf(after)),
    ...(changed(before, after, 'opensAt') && { opens_at: timeOf(after.opensAt) }),
    ...(changed(before, after, 'voterVisibility') && { voter_visibility: after.voterVisibility }),
    ...(changed(before, after, 'voterIdentity') && { voter_identity: after.voterIdentity }),
    ...(changed(before, after, 'allowVoteChange') && { allow_vote_change: after.allowVoteChange }),
  }
}

export function isEmpty(patch: PollEdit): boolean {
  return Object.keys(patch).length === 0
}

function changed(before: EditDraft, after: EditDraft, field: keyof EditDraft): boolean {
  return before[field] !== after[field]
}

function hasSameOptions({ options: before }: EditDraft, { options: after }: EditDraft): boolean {
  const isSameAt = ({ key, text }: DraftOption, at: number): boolean =>
    before[at]?.key === key && before[at].text === text
  return before.length === after.length && after.every(isSameAt)
}

/** Rows that were left empty are none. */
function optionsOf({ options }: EditDraft): NonNullable<PollEdit['options']> {
  return options.flatMap(({ key, text }) => {
    const written = text.trim()
    if (written === '') return []
    return [key < 0 ? { id: -key, text: written } : { text: written }]
  })
}

type Limits = Required<Pick<PollEdit, 'type' | 'min_choices' | 'max_choices'>>

/** No more choices than there are options, and no fewer than one. */
function limitsOf(draft: EditDraft): Limits {
  if (!draft.isMultiple) return { type: 'single', min_choices: 1, max_choices: 1 }
  const options = Math.max(draftLimits.optionsMin, writtenOptions(draft).length)
  const max_choices = Math.max(1, Math.min(draft.maxChoices ?? options, options))
  return { type: 'multiple', min_choices: Math.max(1, Math.min(draft.minChoices, max_choices)), max_choices }
}

function isSame(one: Limits, other: Limits): boolean {
  return one.type === other.type && one.min_choices === other.min_choices && one.max_choices === other.max_choices
}

function timeOf(local: string): string | null {
  return local === '' ? null : new Date(local).toISOString()
}
