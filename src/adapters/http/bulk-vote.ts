import type { BulkVote } from '../../application/cast-vote/cast-in-bulk.ts'
import { HOST_SUBJECT_CHARACTERS_MAX, isHostSubject, isText } from '../../domain/host-subject.ts'
import { POLL_LIMITS } from '../../domain/poll.ts'
import { isRefused, type Refused, refuse } from '../../domain/refusal.ts'
import type { VoteKind } from '../../domain/vote.ts'

export const BULK_VOTE_LIMITS = { voterCharactersMax: HOST_SUBJECT_CHARACTERS_MAX, keyCharactersMax: 255 } as const
export const BULK_VOTE_KINDS = ['cast', 'change', 'retract'] as const satisfies readonly VoteKind[]

/** As it was sent; what is left out is undefined. */
type Fields = { voter: unknown; option_id: unknown; option_ids: unknown; key: unknown; kind: unknown }

/** Reads one line as `BulkLine` describes it. By hand, since a compiled schema makes a list of faults for every line. */
export function readBulkVote(line: string): BulkVote | Refused {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return notJson
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return notAnObject
  const fields: Fields = {
    voter: undefined,
    option_id: undefined,
    option_ids: undefined,
    key: undefined,
    kind: undefined,
  }
  for (const name of Object.keys(value)) {
    if (!isField(name)) return refuse('invalid_body', `The line has a field that is not known here.`)
    // The cast reads an own field of an object.
    fields[name] = (value as Fields)[name]
  }
  return readFields(fields)
}

function readFields({ voter, option_id: one, option_ids: several, key, kind = 'cast' }: Fields): BulkVote | Refused {
  if (!isHostSubject(voter)) return wrongVoter
  if (key !== undefined && !isText(key, BULK_VOTE_LIMITS.keyCharactersMax)) return wrongKey
  if (!isKind(kind)) return wrongKind
  const optionIds = kind === 'retract' ? readNoOptions(one, several) : readOptions(one, several)
  if (isRefused(optionIds)) return optionIds
  return { subject: voter, kind, optionIds, requestKey: key ?? null }
}

function readOptions(one: unknown, several: unknown): readonly number[] | Refused {
  if ((one === undefined) === (several === undefined)) return eitherOr
  if (one !== undefined) return isInteger(one) ? [one] : wrongOption
  return isListOfIntegers(several) ? several : wrongOptions
}

function readNoOptions(one: unknown, several: unknown): readonly number[] | Refused {
  return one === undefined && several === undefined ? [] : retractHasNone
}

function isField(name: string): name is keyof Fields {
  switch (name) {
    case 'voter':
    case 'option_id':
    case 'option_ids':
    case 'key':
    case 'kind':
      return true
    default:
      return false
  }
}

function isKind(value: unknown): value is VoteKind {
  return value === 'cast' || value === 'change' || value === 'retract'
}

function isInteger(value: unknown): value is number {
  return Number.isInteger(value)
}

function isListOfIntegers(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.length <= POLL_LIMITS.optionsMax && value.every(isInteger)
}

const { voterCharactersMax, keyCharactersMax } = BULK_VOTE_LIMITS
const notJson = refuse('invalid_json', 'The line cannot be read as JSON in UTF-8.')
const notAnObject = refuse('invalid_body', 'The line must be an object.')
const wrongVoter = refuse('invalid_body', `/voter must be a text of 1 to ${voterCharactersMax} characters.`)
const wrongKey = refuse('invalid_body', `/key must be a text of 1 to ${keyCharactersMax} characters.`)
const wrongKind = refuse('invalid_body', `/kind must be one of ${BULK_VOTE_KINDS.join(', ')}.`)
const wrongOption = refuse('invalid_body', '/option_id must be an integer.')
const wrongOptions = refuse('invalid_body', `/option_ids must be at most ${POLL_LIMITS.optionsMax} integers.`)
const eitherOr = refuse('invalid_body', 'Send either option_ids or option_id.')
const retractHasNone = refuse('invalid_body', 'A vote that is retracted has no options.')
