import type { NewPoll, Poll } from '../../client/src/index.ts'
import type { Message } from '../i18n/say.ts'

/** An option as it is being written. `key` stays its own while rows move, so that focus and what is typed move with it. */
export type DraftOption = { readonly key: number; readonly text: string }

/** A poll as it is being written. Times as the browser's own field has them: local, without a zone; empty where there is none. */
export type Draft = {
  readonly question: string
  readonly description: string
  readonly options: readonly DraftOption[]
  readonly isMultiple: boolean
  readonly maxChoices: number | null
  readonly opensAt: string
  readonly closesAt: string
  readonly resultsVisibility: Poll['results_visibility']
  readonly voterIdentity: Poll['voter_identity']
  readonly allowVoteChange: boolean
}

/** As the service has them: contract of `POST /polls`. */
export const draftLimits = {
  optionsMin: 2,
  optionsMax: 100,
  questionMax: 500,
  optionTextMax: 200,
  descriptionMax: 5_000,
}

let nextKey = 0
const newOption = (text = ''): DraftOption => ({ key: (nextKey += 1), text })

export function emptyDraft(): Draft {
  return {
    question: '',
    description: '',
    options: [newOption(), newOption()],
    isMultiple: false,
    maxChoices: null,
    opensAt: '',
    closesAt: '',
    resultsVisibility: 'always',
    voterIdentity: 'session',
    allowVoteChange: false,
  }
}

export function addOption(draft: Draft): Draft {
  if (draft.options.length >= draftLimits.optionsMax) return draft
  return { ...draft, options: [...draft.options, newOption()] }
}

/** Below the least number of options the row stays, and is emptied. */
export function removeOption(draft: Draft, key: number): Draft {
  if (draft.options.length <= draftLimits.optionsMin) return writeOption(draft, key, '')
  return { ...draft, options: draft.options.filter((option) => option.key !== key) }
}

export function writeOption(draft: Draft, key: number, text: string): Draft {
  return { ...draft, options: draft.options.map((option) => (option.key === key ? { ...option, text } : option)) }
}

/** Moves an option to the place that it shall have, from 0; a place outside the list is the nearest one in it. */
export function moveOption(draft: Draft, key: number, place: number): Draft {
  const moved = draft.options.find((option) => option.key === key)
  if (moved === undefined) return draft
  const others = draft.options.filter((option) => option !== moved)
  const to = Math.max(0, Math.min(place, others.length))
  return { ...draft, options: [...others.slice(0, to), moved, ...others.slice(to)] }
}

/**
 * A list that was pasted into an option: its first line goes there, and each further one becomes an option behind it. Bullets and numbers in front of lines go.
 * What would be too many is left out.
 */
export function pasteOptions(draft: Draft, key: number, text: string): Draft {
  const lines = text
    .split(/\r\n|\n|\r/)
    .map((line) => line.replace(/^\s*(?:[-*•·]|\d{1,3}[.)])\s+/, '').trim())
    .filter((line) => line !== '')
  const at = draft.options.findIndex((option) => option.key === key)
  if (lines.length === 0 || at === -1) return draft
  const [first = '', ...more] = lines
  const rows = [{ key, text: first }, ...more.map(newOption)]
  // Empty rows behind it are taken up first.
  const behind = draft.options.slice(at + 1)
  const isFree = behind.every((option) => option.text.trim() === '')
  const options = [...draft.options.slice(0, at), ...rows, ...(isFree ? [] : behind)]
  return fill({ ...draft, options: options.slice(0, draftLimits.optionsMax) })
}

function fill(draft: Draft): Draft {
  const missing = Math.max(0, draftLimits.optionsMin - draft.options.length)
  return { ...draft, options: [...draft.options, ...Array.from({ length: missing }, () => newOption())] }
}

/** What was really written: rows that were left empty are none. */
export function writtenOptions(draft: Draft): readonly string[] {
  return draft.options.map((option) => option.text.trim()).filter((text) => text !== '')
}

/** Why it cannot be made yet; null where it can, as far as can be told here. */
export function problemOf(draft: Draft, now: number): Message | null {
  const options = writtenOptions(draft)
  const { optionsMin, optionTextMax, descriptionMax } = draftLimits
  if (draft.question.trim() === '') return ['create.problem_question']
  if (options.length < optionsMin) return ['create.problem_few', { count: optionsMin }]
  const long = options.find((text) => charactersOf(text) > optionTextMax)
  if (long !== undefined) return ['create.problem_option_long', { text: `${long.slice(0, 40)}…`, count: optionTextMax }]
  if (charactersOf(draft.description.trim()) > descriptionMax)
    return ['create.problem_description_long', { count: descriptionMax }]
  const double = options.find((text, at) => options.indexOf(text) !== at)
  if (double !== undefined) return ['create.problem_twice', { text: double }]
  const [opensAt, closesAt] = [timeOf(draft.opensAt), timeOf(draft.closesAt)]
  if (closesAt !== null && closesAt <= now) return ['create.problem_closed_before']
  if (opensAt !== null && closesAt !== null && closesAt <= opensAt) return ['create.problem_order']
  return null
}

/** As the service counts them: code points. */
function charactersOf(text: string): number {
  return Array.from(text).length
}

/** The poll as the service takes it. What is the service's default is left out. */
export function toNewPoll(draft: Draft): NewPoll {
  const options = writtenOptions(draft)
  const [opensAt, closesAt] = [timeOf(draft.opensAt), timeOf(draft.closesAt)]
  return {
    question: draft.question.trim(),
    options,
    ...(draft.description.trim() !== '' && { description: draft.description.trim() }),
    ...(draft.isMultiple && {
      type: 'multiple',
      max_choices: Math.max(1, Math.min(draft.maxChoices ?? options.length, options.length)),
    }),
    ...(opensAt !== null && { opens_at: new Date(opensAt).toISOString() }),
    ...(closesAt !== null && { closes_at: new Date(closesAt).toISOString() }),
    results_visibility: draft.resultsVisibility,
    voter_identity: draft.voterIdentity,
    allow_vote_change: draft.allowVoteChange,
  }
}

/** Milliseconds since 1970 of a local time; null where none was given. */
function timeOf(local: string): number | null {
  const ms = Date.parse(local)
  return Number.isNaN(ms) ? null : ms
}
