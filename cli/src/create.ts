import type { CreatedPoll, NewPoll, Poll } from '../../client/src/polls.ts'
import { flag, text } from '../../src/terminal/parse-words.ts'
import { printable } from '../../src/terminal/printable.ts'
import { answer, type Asked, createCommand } from './command.ts'
import { exitCodesText } from './exit-codes.ts'
import { addressOf, type Environment, keyOption, keyText, readPlace, urlOption, urlText } from './place.ts'
import { WrongWords } from './trouble.ts'
import { choiceOf, numberOf, readWords, timeOf } from './words.ts'

const results = [
  'always',
  'after_vote',
  'after_close',
  'never',
] as const satisfies readonly Poll['results_visibility'][]
const voters = ['secret', 'organizer', 'public'] as const satisfies readonly Poll['voter_visibility'][]
const identities = ['session', 'none', 'token', 'code'] as const satisfies readonly Poll['voter_identity'][]

const usage = `Makes a poll and tells its links. The manage token is told this once: keep it.

  tallycast create <question> <option> <option> … [options]

  --description <text>
  --multiple               several options may be chosen: as many as there are, or
  --min <n>, --max <n>     so many
  --results <when>         when results are seen: ${results.join(', ')} (default: the first)
  --voters <who>           who sees single votes: ${voters.join(', ')} (default: the first)
  --identity <how>         how voters are told apart: ${identities.join(', ')} (default: the first)
  --allow-change           votes may be changed and taken back
  --draft                  the poll waits until somebody opens it
  --opens-at <time>        as 2026-12-31T20:00 by the clock of this machine, or with Z or an offset
  --closes-at <time>
  --json                   the poll as one JSON document, with manage_token
${urlText}
${keyText}

${exitCodesText}`

const options = {
  ...urlOption,
  ...keyOption,
  json: flag,
  description: text,
  multiple: flag,
  min: text,
  max: text,
  results: text,
  voters: text,
  identity: text,
  'allow-change': flag,
  draft: flag,
  'opens-at': text,
  'closes-at': text,
} as const

type CreateAsked = Asked & { readonly poll: NewPoll }

export function readCreate(args: readonly string[], environment: Environment): CreateAsked | null {
  const given = readWords(args, options)
  if (given === null) return null
  const { values, positionals } = given
  const [question, ...texts] = positionals
  if (question === undefined || texts.length < 2) {
    throw new WrongWords('Give a question and at least two options, each in quotes.')
  }
  const min = numberOf('--min', values.min)
  const max = numberOf('--max', values.max)
  const isMultiple = values.multiple === true || min !== undefined || max !== undefined
  const said = {
    description: values.description,
    min_choices: min,
    results_visibility: choiceOf('--results', values.results, results),
    voter_visibility: choiceOf('--voters', values.voters, voters),
    voter_identity: choiceOf('--identity', values.identity, identities),
    allow_vote_change: values['allow-change'],
    draft: values.draft,
    opens_at: timeOf('--opens-at', values['opens-at']),
    closes_at: timeOf('--closes-at', values['closes-at']),
  }
  const multiple = isMultiple ? ({ type: 'multiple', max_choices: max ?? texts.length } as const) : {}
  return {
    place: readPlace(values, environment, null, ['api-key']),
    isJson: values.json === true,
    poll: { question, options: texts, ...multiple, ...withoutUndefined(said) },
  }
}

type Defined<Fields> = { readonly [Name in keyof Fields]?: Exclude<Fields[Name], undefined> }

/** What was left out is not sent, and so has the service's default. */
function withoutUndefined<Fields extends object>(fields: Fields): Defined<Fields> {
  // The compiler does not follow a filter.
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Defined<Fields>
}

export const create = createCommand({
  name: 'create',
  usage,
  read: readCreate,
  async act(asked, client, world) {
    const poll = await client.create(asked.poll, { signal: world.signal })
    answer(world, asked, poll, describeCreated(poll, asked.place.url))
  },
})

function describeCreated({ id, question, status, manage_token: token, options: made }: CreatedPoll, url: string) {
  const vote = addressOf(url, `p/${id}`)
  return [
    printable(question),
    ...made.map((option) => `  ${String(option.id).padStart(3)}  ${printable(option.text)}`),
    '',
    `  Poll     ${id}${status === 'open' ? '' : `  (${status})`}`,
    `  Vote     ${vote}`,
    `  Present  ${vote}/present`,
    `  Manage   ${vote}/manage#manage=${token}`,
    '',
    'The manage link is shown this once; who has it closes the poll.',
  ]
}
