import { type Static, Type } from 'typebox'
import { POLL_LIMITS } from '../../domain/poll.ts'

// One description of every body: it validates, gives the static types, and is what /openapi.json shows.

const pollStatuses = ['draft', 'scheduled', 'open', 'closing', 'closed'] as const
const pollTypes = ['single', 'multiple'] as const
const visibilities = ['always', 'after_vote', 'after_close', 'never'] as const
const voterVisibilities = ['secret', 'organizer', 'public'] as const
const identities = ['none', 'session', 'token', 'code'] as const

/** Everything that the store can keep as text: no NUL, and no half of a surrogate pair. */
const storableText = '^[^\\u0000\\ud800-\\udfff]*$'

type Note = {
  readonly description?: string
  readonly examples?: readonly unknown[]
  readonly minimum?: number
  readonly maximum?: number
}

// `type: [x, "null"]` says the same as an `anyOf`, and its errors point at the field instead of at two alternatives.
const integerOrNull = (note: Note) => Type.Unsafe<number | null>({ type: ['integer', 'null'], ...note })
const timeOrNull = (note: Note) =>
  Type.Unsafe<string | null>({ type: ['string', 'null'], format: 'date-time', ...note })

const text = (note: {
  readonly minLength: number
  readonly maxLength: number
  readonly description: string
  readonly examples?: string[]
}) => Type.String({ pattern: storableText, ...note })

const hiddenNote = 'Null where this caller may not see results.'

export const PollParams = Type.Object({
  poll_id: Type.String({
    minLength: 1,
    maxLength: 64,
    pattern: '^[A-Za-z0-9_-]+$',
    description: 'The id of the poll.',
  }),
})

const optionText = { minLength: 1, maxLength: POLL_LIMITS.optionTextMax } as const

/** An option of a new poll: its text, bare or in an object. An edit may name the option that it keeps. */
const optionInput = (hasId: boolean) =>
  Type.Unsafe<string | { readonly id?: number; readonly text: string }>({
    type: ['string', 'object'],
    ...optionText,
    pattern: storableText,
    properties: {
      ...(hasId
        ? {
            id: {
              type: 'integer',
              minimum: 0,
              maximum: POLL_LIMITS.optionIdMax,
              description: 'The option that is kept; without it the option is new.',
            },
          }
        : {}),
      text: { type: 'string', pattern: storableText, ...optionText },
    },
    required: ['text'],
    additionalProperties: false,
  })

const definition = {
  question: text({
    minLength: 1,
    maxLength: POLL_LIMITS.questionMax,
    description: 'What is asked.',
    examples: ['Tea or coffee?'],
  }),
  description: Type.Optional(
    text({ minLength: 0, maxLength: POLL_LIMITS.descriptionMax, description: 'More about it.' }),
  ),
  type: Type.Optional(Type.Enum([...pollTypes], { description: 'Default: single.' })),
  min_choices: Type.Optional(Type.Integer({ minimum: 1, maximum: POLL_LIMITS.optionsMax, description: 'Default: 1.' })),
  max_choices: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: POLL_LIMITS.optionsMax,
      description: 'Default: 1, or min_choices where that is more.',
    }),
  ),
  opens_at: Type.Optional(
    timeOrNull({ description: 'In the future: the poll waits until then.', examples: ['2030-01-31T18:00:00Z'] }),
  ),
  closes_at: Type.Optional(
    timeOrNull({ description: 'From then on no vote is accepted.', examples: ['2030-01-31T19:00:00Z'] }),
  ),
  results_visibility: Type.Optional(
    Type.Enum([...visibilities], { description: 'Who sees counts, and when. Default: always.' }),
  ),
  voter_visibility: Type.Optional(
    Type.Enum([...voterVisibilities], {
      description:
        'Who may see single votes, in exports: nobody, the organiser, or everybody who may see results. Default: secret.',
    }),
  ),
  voter_identity: Type.Optional(
    Type.Enum([...identities], {
      description:
        'What makes a voter one voter. Default: session. `token`: a token by which the host application vouches for its user. `code`: a one-time code, as `POST /polls/{poll_id}/codes` makes them.',
    }),
  ),
  allow_vote_change: Type.Optional(
    Type.Boolean({ description: 'Whether a vote may be changed and retracted. Default: false.' }),
  ),
}

const optionList = (hasId: boolean) =>
  Type.Array(optionInput(hasId), {
    minItems: POLL_LIMITS.optionsMin,
    maxItems: POLL_LIMITS.optionsMax,
    description: 'The options in their order.',
    examples: [['Tea', 'Coffee']],
  })

export const NewPoll = Type.Object(
  {
    ...definition,
    options: optionList(false),
    draft: Type.Optional(Type.Boolean({ description: 'True: the poll waits for its open call. Default: false.' })),
  },
  {
    additionalProperties: false,
    examples: [{ question: 'Tea or coffee?', options: ['Tea', 'Coffee'], allow_vote_change: true }],
  },
)
export type NewPoll = Static<typeof NewPoll>

export const PollEdit = Type.Object(
  { ...definition, question: Type.Optional(definition.question), options: Type.Optional(optionList(true)) },
  { additionalProperties: false, examples: [{ question: 'Tea, or rather coffee?' }] },
)
export type PollEdit = Static<typeof PollEdit>

const results = {
  round: Type.Integer({ description: 'Begins at 1; a reset begins a new one.' }),
  revision: Type.Integer({ description: 'Grows with every change of the definition or the status.' }),
  version: integerOrNull({ description: `Grows with every change of the poll. ${hiddenNote}`, examples: [42] }),
  total_votes: integerOrNull({ description: `The base of percentages. ${hiddenNote}`, examples: [41] }),
  results_final: Type.Boolean({ description: 'True once no vote can change the counts any more.' }),
}
const status = Type.Enum([...pollStatuses], { description: 'Where in its life the poll is.', examples: ['open'] })
const optionId = Type.Integer({ description: 'Unique in the poll and never reused.', examples: [1] })
const votes = integerOrNull({ description: hiddenNote, examples: [17] })

const pollFields = {
  id: Type.String({ examples: ['Zk3vQ8mT1xY5'] }),
  question: Type.String(),
  description: Type.String(),
  type: Type.Enum([...pollTypes]),
  options: Type.Array(
    Type.Object({
      id: optionId,
      text: Type.String(),
      position: Type.Integer({ description: 'Orders the options, from 0.' }),
      votes,
    }),
  ),
  min_choices: Type.Integer(),
  max_choices: Type.Integer(),
  status,
  opens_at: timeOrNull({}),
  closes_at: timeOrNull({}),
  opened_at: timeOrNull({ description: 'When it was first opened in this round.' }),
  closed_at: timeOrNull({ description: 'When the last vote was recorded.' }),
  edited_at: timeOrNull({ description: 'When a text was corrected after the poll had been opened.' }),
  results_visibility: Type.Enum([...visibilities]),
  voter_visibility: Type.Enum([...voterVisibilities]),
  voter_identity: Type.Enum([...identities]),
  allow_vote_change: Type.Boolean(),
  join_code: Type.Unsafe<string | null>({
    type: ['string', 'null'],
    description: 'What people type at `/j` to come to this poll. Null for polls from before there were any.',
    examples: ['7KMX4R'],
  }),
  ...results,
}

export const PollBody = Type.Object(pollFields, { description: 'The poll as this caller may see it.' })
export type PollBody = Static<typeof PollBody>

export const CreatedPoll = Type.Object(
  {
    ...pollFields,
    manage_token: Type.String({ description: 'Edits, opens, closes and deletes this poll. Shown this once; keep it.' }),
  },
  { description: 'The new poll.' },
)

export const ResultsBody = Type.Object(
  {
    poll_id: Type.String(),
    status,
    as_of: timeOrNull({ description: `When the counts were read. ${hiddenNote}` }),
    options: Type.Array(Type.Object({ id: optionId, votes })),
    ...results,
  },
  { description: 'The tally alone.' },
)
export type ResultsBody = Static<typeof ResultsBody>

export const PollPage = Type.Object(
  {
    polls: Type.Array(PollBody),
    next_cursor: Type.Unsafe<string | null>({ type: ['string', 'null'], description: 'Null on the last page.' }),
  },
  { description: 'Newest first.' },
)

export const PageQuery = Type.Object(
  {
    cursor: Type.Optional(
      Type.String({ minLength: 1, maxLength: 500, description: 'next_cursor of the page before.' }),
    ),
    limit: Type.Optional(
      Type.String({
        pattern: '^([1-9][0-9]?|100)$',
        description: 'Polls per page, 1 to 100. Default: 20.',
        examples: ['20'],
      }),
    ),
  },
  { additionalProperties: false },
)
