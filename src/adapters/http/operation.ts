import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type {
  FastifyBaseLogger,
  FastifyInstance,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify'
import type { Scope } from '../../domain/api-key.ts'
import type { Refusal } from '../../domain/refusal.ts'

/** The server as routes see it: TypeBox schemas give the types of what they check. */
export type HttpApp = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>

/** Where the schema of a route names the refusals that it can answer; /openapi.json is made from it. */
export const refusalsKey = 'x-refusals'

/** Who may call an operation, in the words of OpenAPI: one of these, or nobody in particular. */
type Security = readonly Readonly<Record<string, readonly string[]>>[]

export const anybody: Security = []
/** A trusted host, whose key has this scope. */
export const keyWith = (scope: Scope): Security => [{ apiKey: [scope] }]
/** Of a poll: whoever has its manage token, or a key that created it. */
export const organiser: Security = [{ manageToken: [] }, ...keyWith('polls:write')]
/** What of a poll its organiser alone reads. */
export const organiserWhoReads: Security = [{ manageToken: [] }, ...keyWith('polls:read')]
/** Reading works for all; who shows more may see more. */
export const reader: Security = [
  {},
  { manageToken: [] },
  ...keyWith('polls:read'),
  { voterToken: [] },
  { sessionCookie: [] },
]
export const voter: Security = [{}, { voterToken: [] }, { sessionCookie: [] }]

/** Of every call that reads a body, also of one that takes none. */
export const bodyRefusals = ['invalid_json', 'too_large', 'unsupported_media_type', 'invalid_body'] as const

export const readRefusals = [
  'unauthenticated',
  'token_invalid',
  'forbidden',
  'poll_not_found',
  'rate_limited',
  'overloaded',
  'unavailable',
] as const satisfies Refusal[]
export const changeRefusals = [...bodyRefusals, ...readRefusals] as const satisfies Refusal[]
export const voteRefusals = [
  ...bodyRefusals,
  'idempotency_key_weak',
  'unauthenticated',
  'token_invalid',
  'poll_not_found',
  'poll_not_open',
  'poll_closed',
  'round_not_current',
  'idempotency_key_reused',
  'rate_limited',
  'overloaded',
  'unavailable',
] as const satisfies Refusal[]

type Operation = {
  readonly operationId: string
  readonly tags: readonly string[]
  readonly summary: string
  readonly description?: string
  readonly security: Security
  readonly refusals: readonly Refusal[]
}

/** What a route's schema says besides its bodies. */
export function describeOperation({ refusals, tags, security, ...rest }: Operation) {
  return { ...rest, tags: [...tags], security: security.map(copyOf), [refusalsKey]: refusals }
}

/** Fastify's types want lists that may be changed. */
function copyOf(scheme: Readonly<Record<string, readonly string[]>>): Record<string, string[]> {
  return Object.fromEntries(Object.entries(scheme).map(([name, scopes]) => [name, [...scopes]]))
}

/** A header of an answer, for the description. */
export function describeHeader(description: string): { readonly type: 'string'; readonly description: string } {
  return { type: 'string', description }
}
