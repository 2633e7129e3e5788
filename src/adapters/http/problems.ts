import type { FastifyReply } from 'fastify'
import type { Problem } from '../../../contract/messages.ts'
import type { Refusal, Refused } from '../../domain/refusal.ts'

/** How HTTP answers each refusal. */
export const PROBLEMS = {
  invalid_json: { status: 400, title: 'The body is not JSON' },
  idempotency_key_weak: { status: 400, title: 'The Idempotency-Key can be guessed' },
  unauthenticated: { status: 401, title: 'Credentials are needed' },
  token_invalid: { status: 401, title: 'The token is not valid' },
  forbidden: { status: 403, title: 'Not allowed' },
  poll_not_found: { status: 404, title: 'No such poll' },
  vote_not_found: { status: 404, title: 'No such vote' },
  key_not_found: { status: 404, title: 'No such key' },
  route_not_found: { status: 404, title: 'No such address' },
  method_not_allowed: { status: 405, title: 'Method not allowed' },
  already_voted: { status: 409, title: 'Already voted' },
  code_used: { status: 409, title: 'The code is used up' },
  poll_not_open: { status: 409, title: 'The poll is not open' },
  poll_closed: { status: 409, title: 'The poll is closed' },
  poll_final: { status: 409, title: 'The poll is final' },
  poll_not_final: { status: 409, title: 'The result is not final' },
  round_not_current: { status: 409, title: 'The poll is in another round' },
  options_frozen: { status: 409, title: 'The options are frozen' },
  change_not_allowed: { status: 409, title: 'Votes cannot be changed' },
  no_vote: { status: 409, title: 'There is no vote' },
  identity_not_code: { status: 409, title: 'The poll asks for no code' },
  code_limit_reached: { status: 409, title: 'The poll has all the codes that it may have' },
  votes_pruned: { status: 410, title: 'The votes are kept no longer' },
  too_large: { status: 413, title: 'The body is too large' },
  unsupported_media_type: { status: 415, title: 'The content type is not supported' },
  invalid_body: { status: 422, title: 'The body has wrong fields' },
  option_unknown: { status: 422, title: 'No such option' },
  too_few_choices: { status: 422, title: 'Too few choices' },
  too_many_choices: { status: 422, title: 'Too many choices' },
  idempotency_key_reused: { status: 422, title: 'The Idempotency-Key was used for something else' },
  rate_limited: { status: 429, title: 'Too many requests' },
  overloaded: { status: 503, title: 'Too busy' },
  unavailable: { status: 503, title: 'Not available right now' },
} as const satisfies Record<Refusal, { readonly status: number; readonly title: string }>

/** What is wrong with a request before it is one of ours. No other transport knows it. */
export const MALFORMED = {
  bad_request: { status: 400, title: 'The request cannot be read' },
  request_timeout: { status: 408, title: 'The request took too long' },
  expectation_failed: { status: 417, title: 'The expectation cannot be met' },
  headers_too_large: { status: 431, title: 'The headers are too large' },
} as const

const all = { ...PROBLEMS, ...MALFORMED }
type AnyRefusal = keyof typeof all
/** Everything that this transport says no to. */
export type AnyRefused = Omit<Refused, 'refused'> & { readonly refused: AnyRefusal }

export const problemType = 'application/problem+json'

/** The path that names a kind of problem. */
export function typeOfProblem(refusal: AnyRefusal): string {
  return `/problems/${refusal}`
}

export function statusOf({ refused }: AnyRefused): number {
  return all[refused].status
}

/** When to come back, in seconds as HTTP counts them; undefined where that cannot help. */
export function retryAfterOf({ retryAfterMs }: AnyRefused): number | undefined {
  return retryAfterMs === undefined ? undefined : Math.ceil(retryAfterMs / 1000)
}

export function describeProblem({ refused, detail, errors }: AnyRefused, requestId: string): Problem {
  const { status, title } = all[refused]
  const problem = { type: typeOfProblem(refused), title, status, code: refused, detail, request_id: requestId }
  return errors === undefined ? problem : { ...problem, errors }
}

/** What the head of such an answer says, besides what all answers say. */
export function headersOfRefusal(refused: AnyRefused): Readonly<Record<string, string>> {
  const retryAfter = retryAfterOf(refused)
  return {
    'content-type': problemType,
    'cache-control': 'no-store',
    ...(retryAfter !== undefined && { 'retry-after': String(retryAfter) }),
    ...(statusOf(refused) === 401 && { 'www-authenticate': 'Bearer realm="tallycast"' }),
    ...limitHeadersOf(refused),
  }
}

/** Which limit was reached, as draft-ietf-httpapi-ratelimit-headers-10 has it; nothing for all other refusals. */
export function limitHeadersOf(refused: AnyRefused): Readonly<Record<string, string>> {
  const { limit } = refused
  if (limit === undefined) return {}
  return {
    ratelimit: `"${limit.name}";r=0;t=${retryAfterOf(refused)}`,
    'ratelimit-policy': `"${limit.name}";q=${limit.amount};w=${limit.periodMs / 1000}`,
  }
}

/** Answers a refusal. Every route does it here, so that all problems look alike. */
export function sendRefusal(reply: FastifyReply, refused: AnyRefused): FastifyReply {
  return reply
    .code(statusOf(refused))
    .headers(headersOfRefusal(refused))
    .send(JSON.stringify(describeProblem(refused, reply.request.id)))
}

/** A fault of ours: the person gets a number to ask about, the log has the rest. */
export function sendFault(reply: FastifyReply): FastifyReply {
  const problem: Problem = {
    type: 'about:blank',
    title: 'Something went wrong here',
    status: 500,
    code: 'internal',
    detail: 'This is a fault of the service. Its log has the details under this request id.',
    request_id: reply.request.id,
  }
  return reply.code(500).type(problemType).header('cache-control', 'no-store').send(JSON.stringify(problem))
}
