import type { Rate } from './rate.ts'

/** An expected "no". Each transport maps every one of them in one table, so that a new one does not compile until all answer it. */
export type Refusal =
  | 'invalid_json'
  | 'idempotency_key_weak'
  | 'unauthenticated'
  | 'token_invalid'
  | 'forbidden'
  | 'poll_not_found'
  | 'vote_not_found'
  | 'key_not_found'
  | 'route_not_found'
  | 'method_not_allowed'
  | 'already_voted'
  | 'code_used'
  | 'poll_not_open'
  | 'poll_closed'
  | 'poll_final'
  | 'poll_not_final'
  | 'round_not_current'
  | 'options_frozen'
  | 'change_not_allowed'
  | 'no_vote'
  | 'identity_not_code'
  | 'code_limit_reached'
  | 'votes_pruned'
  | 'too_large'
  | 'unsupported_media_type'
  | 'invalid_body'
  | 'option_unknown'
  | 'too_few_choices'
  | 'too_many_choices'
  | 'idempotency_key_reused'
  | 'rate_limited'
  | 'overloaded'
  | 'unavailable'

/** One wrong field: `pointer` is a JSON Pointer (RFC 6901) into the request body. */
export type FieldError = { readonly pointer: string; readonly detail: string }

/** A rate with the name by which those hear of it who went beyond it. */
export type NamedRate = Rate & { readonly name: string }

/** A refusal with the sentence for the person who reads it. `retryAfterMs` only where coming back can help. */
export type Refused = {
  readonly refused: Refusal
  readonly detail: string
  readonly errors?: readonly FieldError[]
  readonly retryAfterMs?: number
  /** Which limit was reached; of `rate_limited` alone. */
  readonly limit?: NamedRate
}

export function refuse(refused: Refusal, detail: string, errors?: readonly FieldError[]): Refused {
  return errors ? { refused, detail, errors } : { refused, detail }
}

/** A refusal that passes: the same request may succeed after `retryAfterMs` milliseconds. */
export function refuseForNow(refused: 'overloaded' | 'unavailable', detail: string, retryAfterMs = 1000): Refused {
  return { refused, detail, retryAfterMs }
}

export function refuseBeyond(limit: NamedRate, detail: string, retryAfterMs: number): Refused {
  return { refused: 'rate_limited', detail, retryAfterMs, limit }
}

export function isRefused(value: unknown): value is Refused {
  return typeof value === 'object' && value !== null && 'refused' in value
}
