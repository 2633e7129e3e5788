import { type Poll, POLL_LIMITS } from './poll.ts'
import type { FieldError } from './refusal.ts'

/** The part of a definition that an organiser gives. */
export type PollFields = Pick<
  Poll,
  | 'question'
  | 'description'
  | 'type'
  | 'options'
  | 'nextOptionId'
  | 'minChoices'
  | 'maxChoices'
  | 'opensAt'
  | 'closesAt'
  | 'resultsVisibility'
  | 'voterVisibility'
  | 'voterIdentity'
  | 'allowVoteChange'
>

/** The end of the year 9999: later times cannot be written in RFC 3339. */
const TIME_MAX_MS = Date.UTC(10_000, 0, 1) - 1

/** Everything that is wrong with these fields, whatever the clock says. Pointers are those of the HTTP body. */
export function checkFields(fields: PollFields): readonly FieldError[] {
  return [
    ...checkText('/question', fields.question, POLL_LIMITS.questionMax),
    ...checkText('/description', fields.description, POLL_LIMITS.descriptionMax, 'may be empty'),
    ...checkOptions(fields),
    ...checkChoices(fields),
    ...checkTime('/opens_at', fields.opensAt),
    ...checkTime('/closes_at', fields.closesAt),
  ]
}

/** What is wrong with a `closes_at` that was just given: it must lie ahead, of the opening too. */
export function checkClosesAt({ opensAt, closesAt }: PollFields, now: number): readonly FieldError[] {
  if (closesAt === null) return []
  if (closesAt <= now) return [{ pointer: '/closes_at', detail: 'closes_at must be in the future.' }]
  if (opensAt !== null && closesAt <= opensAt) {
    return [{ pointer: '/closes_at', detail: 'closes_at must be after opens_at.' }]
  }
  return []
}

function checkText(
  pointer: string,
  text: string,
  max: number,
  emptiness: 'may be empty' | 'must not be empty' = 'must not be empty',
): readonly FieldError[] {
  if (emptiness === 'must not be empty' && !hasVisibleCharacter(text)) {
    return [{ pointer, detail: 'Give it a text that can be seen.' }]
  }
  // PostgreSQL can keep neither, and no keyboard makes them.
  if (text.includes('\0')) return [{ pointer, detail: 'The text must not contain the character U+0000.' }]
  if (!text.isWellFormed()) return [{ pointer, detail: 'The text must not contain half a surrogate pair.' }]
  const length = Array.from(text).length // code points
  if (length <= max) return []
  return [{ pointer, detail: `At most ${max} characters are allowed, this has ${length}.` }]
}

/** Separators, control and format characters (a zero-width space) alone show nothing. */
function hasVisibleCharacter(text: string): boolean {
  return /[^\p{Z}\p{C}]/u.test(text)
}

function checkOptions({ options, nextOptionId }: PollFields): readonly FieldError[] {
  const { optionsMin, optionsMax, optionIdMax, optionTextMax } = POLL_LIMITS
  if (options.length < optionsMin || options.length > optionsMax) {
    const detail = `A poll has ${optionsMin} to ${optionsMax} options, this has ${options.length}.`
    return [{ pointer: '/options', detail }]
  }
  const errors = options.flatMap(({ text }, index) => checkText(`/options/${index}/text`, text, optionTextMax))
  if (nextOptionId - 1 > optionIdMax) {
    errors.push({ pointer: '/options', detail: 'This poll has had too many different options. Create a new poll.' })
  }
  return errors
}

function checkChoices({ type, minChoices, maxChoices, options }: PollFields): readonly FieldError[] {
  const errors: FieldError[] = []
  const wrong = (pointer: string, detail: string): void => void errors.push({ pointer, detail })
  if (type === 'single') {
    const detail = 'A single-choice poll takes exactly one option: leave this out, or make the type multiple.'
    if (minChoices !== 1) wrong('/min_choices', detail)
    if (maxChoices !== 1) wrong('/max_choices', detail)
    return errors
  }
  if (!Number.isInteger(minChoices) || minChoices < 1) wrong('/min_choices', 'min_choices is a whole number from 1.')
  if (!Number.isInteger(maxChoices) || maxChoices < 1) wrong('/max_choices', 'max_choices is a whole number from 1.')
  else if (maxChoices > options.length) {
    wrong('/max_choices', `max_choices is at most the number of options, ${options.length}.`)
  }
  if (errors.length === 0 && minChoices > maxChoices) {
    wrong('/min_choices', `min_choices is at most max_choices, ${maxChoices}.`)
  }
  return errors
}

function checkTime(pointer: string, time: number | null): readonly FieldError[] {
  if (time === null || (Number.isSafeInteger(time) && time >= 0 && time <= TIME_MAX_MS)) return []
  return [{ pointer, detail: 'The time must lie between the years 1970 and 9999.' }]
}
