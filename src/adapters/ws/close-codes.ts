import { CLOSE_CODES } from '../../../contract/messages.ts'
import type { Refusal } from '../../domain/refusal.ts'

export type CloseCode = (typeof CLOSE_CODES)[keyof typeof CLOSE_CODES]

/** How the socket of a refused viewer is closed. Most refusals concern votes and organisers, which no socket takes. */
export const CODE_OF_REFUSAL = {
  poll_not_found: CLOSE_CODES.pollNotFound,
  route_not_found: CLOSE_CODES.pollNotFound,
  vote_not_found: CLOSE_CODES.pollNotFound,
  key_not_found: CLOSE_CODES.pollNotFound,
  unauthenticated: CLOSE_CODES.unauthenticated,
  token_invalid: CLOSE_CODES.unauthenticated,
  forbidden: CLOSE_CODES.forbidden,
  overloaded: CLOSE_CODES.tooBusy,
  unavailable: CLOSE_CODES.tooBusy,
  rate_limited: CLOSE_CODES.tooBusy,
  too_large: CLOSE_CODES.tooLarge,
  unsupported_media_type: CLOSE_CODES.unsupportedData,
  invalid_json: CLOSE_CODES.policyViolation,
  idempotency_key_weak: CLOSE_CODES.policyViolation,
  method_not_allowed: CLOSE_CODES.policyViolation,
  already_voted: CLOSE_CODES.policyViolation,
  code_used: CLOSE_CODES.policyViolation,
  poll_not_open: CLOSE_CODES.policyViolation,
  poll_closed: CLOSE_CODES.policyViolation,
  poll_final: CLOSE_CODES.policyViolation,
  poll_not_final: CLOSE_CODES.policyViolation,
  round_not_current: CLOSE_CODES.policyViolation,
  votes_pruned: CLOSE_CODES.policyViolation,
  options_frozen: CLOSE_CODES.policyViolation,
  change_not_allowed: CLOSE_CODES.policyViolation,
  no_vote: CLOSE_CODES.policyViolation,
  identity_not_code: CLOSE_CODES.policyViolation,
  code_limit_reached: CLOSE_CODES.policyViolation,
  invalid_body: CLOSE_CODES.policyViolation,
  option_unknown: CLOSE_CODES.policyViolation,
  too_few_choices: CLOSE_CODES.policyViolation,
  too_many_choices: CLOSE_CODES.policyViolation,
  idempotency_key_reused: CLOSE_CODES.policyViolation,
} as const satisfies Record<Refusal, CloseCode>

/** Tells a viewer when to come back: anywhere between the two, so that many do not come together. */
export function retryBetween(minMs: number, maxMs: number): string {
  return `retry_ms=${Math.round(minMs + Math.random() * (maxMs - minMs))}`
}
