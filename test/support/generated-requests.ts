import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { type JsonSchema, valuesOf, wrongValuesOf } from './from-schema.ts'
import type { Answer, Say } from './http-client.ts'
import type { DescribedOperation } from './openapi-document.ts'
import { adminToken } from './running-system.ts'

/** How many of each kind are kept. The first of them stay, so that there are always some of which the test knows the kind. */
const keptMax = 16
const firstKept = 8
/** These take one of the others: votes need polls that are open. */
const endings = new Set(['closePoll', 'resetPoll', 'deletePoll'])

/** What answers have brought so far and later requests can be made of. */
export type Seen = {
  readonly note: (answer: Answer) => void
  /** One that was seen, whichever this number falls on. `name`: of the parameter that takes it. */
  readonly pick: (name: string, choice: number, from?: number) => string | undefined
  readonly manageTokenOf: (pollId: string | undefined) => string | undefined
}

export function createSeen(): Seen {
  const kept = new Map([['idempotency-key', Array.from({ length: keptMax }, () => randomUUID() as string)]])
  const manageTokens = new Map<unknown, string>()
  const keep = (name: string, value: unknown): void => {
    if (typeof value !== 'string') return
    const values = kept.get(name) ?? []
    kept.set(name, values)
    values.push(value)
    if (values.length > keptMax) values.splice(firstKept, 1)
  }
  return {
    note({ status, headers, body }) {
      if (status >= 300) return
      keep('if-none-match', headers.get('etag'))
      if (body === null) return
      if (typeof body.manage_token === 'string') manageTokens.set(body.id, body.manage_token)
      keep('poll_id', body.manage_token && body.id)
      keep('join_code', body.join_code)
      keep('voter-token', body.voter_token)
      keep('vote_id', body.vote_id)
      keep('cursor', body.next_cursor)
      keep('ticket', body.ticket)
    },
    pick(name, choice, from = 0) {
      const values = kept.get(name) ?? []
      return values[from + (choice % Math.max(1, values.length - from))]
    },
    manageTokenOf: (pollId) => manageTokens.get(pollId),
  }
}

/** A request before it is known what there is to be asked for. */
export type Plan = {
  /** Falls on one of everything that was seen. */
  readonly choice: number
  readonly usesSeen: boolean
  readonly parameters: Readonly<Record<string, string | undefined>>
  readonly body: Say
  readonly bearer: 'right' | 'admin' | 'other' | 'wrong' | 'none'
  readonly voter: 'token' | 'cookie' | 'wrong' | 'none'
  /** The part of it that the description does not allow. */
  readonly wrong: string | null
}

/** Requests as an operation describes them, and ones of which one part is wrong. */
export function plansOf({ parameters = [], requestBody }: DescribedOperation['operation']): fc.Arbitrary<Plan> {
  const schema = requestBody?.content['application/json']?.schema
  const lineSchema = requestBody?.content[ndjson]?.schema
  const texts = Object.fromEntries(parameters.map((parameter) => [parameter.name, textsOf(parameter.schema)]))
  const requiredKeys = parameters.filter(({ required }) => required === true).map(({ name }) => name)
  const right: fc.Arbitrary<Plan> = fc.record({
    choice: fc.nat(),
    usesSeen: fc.oneof({ weight: 6, arbitrary: fc.constant(true) }, fc.boolean()),
    parameters: fc.record(texts, { requiredKeys }),
    body:
      lineSchema !== undefined
        ? linesOf(lineSchema)
        : schema === undefined
          ? fc.constant({})
          : valuesOf(schema).map((json) => ({ json })),
    bearer: fc.constantFrom('right', 'right', 'admin', 'other', 'wrong', 'none'),
    voter: fc.constantFrom('token', 'token', 'cookie', 'wrong', 'none'),
    wrong: fc.constant(null),
  })
  const wrongQueries = parameters
    .filter((parameter) => parameter.in === 'query')
    .map(({ name, schema: described }) =>
      fc.tuple(right, wrongTextsOf(described)).map(([plan, text]) => ({
        ...plan,
        parameters: { ...plan.parameters, [name]: text },
        wrong: name,
      })),
    )
  const wrongBodies =
    schema === undefined
      ? []
      : [fc.tuple(right, wrongValuesOf(schema)).map(([plan, json]) => ({ ...plan, body: { json }, wrong: 'body' }))]
  const strange = fc.tuple(right, strangeBodies).map(([plan, body]) => ({ ...plan, body }))
  return fc.oneof({ weight: 2, arbitrary: right }, ...wrongQueries, ...wrongBodies, { weight: 1, arbitrary: strange })
}

const ndjson = 'application/x-ndjson'

/** Of many lines some may be wrong, and others not: what each is told stands in its answer, whose status is that of the whole. */
function linesOf(schema: JsonSchema): fc.Arbitrary<Say> {
  const line = fc.oneof(
    {
      weight: 3,
      arbitrary: fc.tuple(fc.string({ minLength: 1, maxLength: 9 }), fc.integer({ min: 1, max: 3 })).map(rightLine),
    },
    valuesOf(schema).map((value) => JSON.stringify(value)),
    wrongValuesOf(schema).map((value) => JSON.stringify(value)),
    fc.string(),
    fc.constantFrom('', ' ', '\r', 'x'.repeat(5_000)),
  )
  const headers = { 'content-type': ndjson }
  return fc.array(line, { maxLength: 50 }).map((lines) => ({ raw: lines.join('\n'), headers }))
}

/** No description can say which options a poll has. */
function rightLine([voter, optionId]: readonly [string, number]): string {
  return JSON.stringify({ voter, option_id: optionId })
}

const strangeBodies: fc.Arbitrary<Say> = fc.oneof(
  fc.json().map((raw) => ({ raw, headers: { 'content-type': 'application/json' } })),
  fc.string().map((raw) => ({ raw, headers: { 'content-type': 'application/json' } })),
  fc
    .uint8Array({ maxLength: 50 })
    .map((bytes) => ({ raw: new Uint8Array(bytes), headers: { 'content-type': 'application/json' } })),
  fc
    .constantFrom('text/plain', 'application/xml', 'application/json; charset=utf-16', 'x')
    .map((type) => ({ raw: '{}', headers: { 'content-type': type } })),
  fc
    .constantFrom(5_000, 140_000)
    .map((size) => ({ raw: ' '.repeat(size), headers: { 'content-type': 'application/json' } })),
)

/** Only these can stand in a header or an address. */
const printable = /^[\x20-\x7e]*$/

function textsOf(schema: JsonSchema): fc.Arbitrary<string> {
  // A description of a parameter that is no text makes no values here, and so fails.
  return valuesOf(schema)
    .filter((value) => typeof value === 'string')
    .filter((text) => printable.test(text) && !/^\.{0,2}$/.test(text))
}

function wrongTextsOf(schema: JsonSchema): fc.Arbitrary<string> {
  return wrongValuesOf(schema).filter((value) => typeof value === 'string')
}

/** The request itself, with what there is now. */
export function prepare({ method, template, operation }: DescribedOperation, plan: Plan, seen: Seen) {
  const { choice, usesSeen, wrong } = plan
  const { parameters = [] } = operation
  const from = endings.has(operation.operationId) ? firstKept : 0
  const valueOf = (name: string): string | undefined => {
    const planned = plan.parameters[name]
    return planned === undefined || !usesSeen || name === wrong ? planned : (seen.pick(name, choice, from) ?? planned)
  }
  const given = (where: string): readonly (readonly [string, string])[] =>
    parameters
      .filter((parameter) => parameter.in === where)
      .flatMap(({ name }) => {
        const value = valueOf(name)
        return value === undefined ? [] : [[name, value] as const]
      })
  let path = template
  for (const [name, value] of given('path')) path = path.replace(`{${name}}`, encodeURIComponent(value))
  const query = new URLSearchParams(given('query').map(([name, value]) => [name, value]))
  const pollId = valueOf('poll_id')
  const { headers, ...body } = method === 'get' ? {} : fitVote(plan, plan.body)
  const known = choice % 4 === 0 ? '*' : choice % 4 === 1 ? seen.pick('if-none-match', choice) : undefined
  const say: Say = {
    ...body,
    ...showBearer(plan, rightBearer(operation, pollId, seen), seen),
    ...showVoter(plan, seen),
    headers: {
      ...headers,
      ...Object.fromEntries(given('header')),
      ...(known !== undefined && { 'if-none-match': known }),
    },
  }
  return { method: method.toUpperCase(), path: query.size === 0 ? path : `${path}?${query.toString()}`, say }
}

function rightBearer({ security }: DescribedOperation['operation'], pollId: string | undefined, seen: Seen) {
  return security.some((scheme) => 'apiKey' in scheme) ? adminToken : seen.manageTokenOf(pollId)
}

function showBearer({ bearer, choice }: Plan, right: string | undefined, seen: Seen): Say {
  const other = seen.pick('poll_id', choice + 1)
  const tokens = {
    right,
    admin: adminToken,
    other: seen.manageTokenOf(other),
    wrong: 'mt_wrong',
    none: undefined,
  }
  const token = tokens[bearer]
  return token === undefined ? {} : { bearer: token }
}

function showVoter({ voter, choice }: Plan, seen: Seen): Say {
  const token = seen.pick('voter-token', choice)
  if (voter === 'wrong') return { voterToken: 'wrong' }
  if (voter === 'none' || token === undefined) return {}
  return voter === 'token' ? { voterToken: token } : { cookie: `tallycast_session=${token}` }
}

/** No description can say which options a poll has. So that votes come further than that, half of them are for one of the first three. */
function fitVote({ choice, wrong }: Plan, body: Say): Say {
  const { json } = body
  if (wrong !== null || choice % 2 === 0 || typeof json !== 'object' || json === null) return body
  if ('option_ids' in json || 'option_id' in json)
    return { json: choice % 3 === 0 ? { option_id: 1 + (choice % 3) } : { option_ids: [1 + (choice % 3)] } }
  return body
}
