import { Metadata, type StatusObject, status } from '@grpc/grpc-js'
import type { FieldError, Refusal, Refused } from '../../domain/refusal.ts'
import { loadStatusDetails } from './contract.ts'

/** Every refusal's place among the codes of gRPC. Those that speak of HTTP alone are here because the table is whole. */
const STATUS_OF = {
  invalid_json: status.INVALID_ARGUMENT,
  idempotency_key_weak: status.INVALID_ARGUMENT,
  unauthenticated: status.UNAUTHENTICATED,
  token_invalid: status.UNAUTHENTICATED,
  forbidden: status.PERMISSION_DENIED,
  poll_not_found: status.NOT_FOUND,
  vote_not_found: status.NOT_FOUND,
  key_not_found: status.NOT_FOUND,
  route_not_found: status.UNIMPLEMENTED,
  method_not_allowed: status.UNIMPLEMENTED,
  already_voted: status.ALREADY_EXISTS,
  code_used: status.ALREADY_EXISTS,
  poll_not_open: status.FAILED_PRECONDITION,
  poll_closed: status.FAILED_PRECONDITION,
  poll_final: status.FAILED_PRECONDITION,
  poll_not_final: status.FAILED_PRECONDITION,
  round_not_current: status.FAILED_PRECONDITION,
  votes_pruned: status.FAILED_PRECONDITION,
  options_frozen: status.FAILED_PRECONDITION,
  change_not_allowed: status.FAILED_PRECONDITION,
  no_vote: status.FAILED_PRECONDITION,
  identity_not_code: status.FAILED_PRECONDITION,
  code_limit_reached: status.FAILED_PRECONDITION,
  too_large: status.INVALID_ARGUMENT,
  unsupported_media_type: status.INVALID_ARGUMENT,
  invalid_body: status.INVALID_ARGUMENT,
  option_unknown: status.INVALID_ARGUMENT,
  too_few_choices: status.INVALID_ARGUMENT,
  too_many_choices: status.INVALID_ARGUMENT,
  idempotency_key_reused: status.FAILED_PRECONDITION,
  rate_limited: status.RESOURCE_EXHAUSTED,
  overloaded: status.UNAVAILABLE,
  unavailable: status.UNAVAILABLE,
} as const satisfies Record<Refusal, status>

const DOMAIN = 'tallycast'
const TYPE_URL = 'type.googleapis.com/google.rpc.'
const DETAILS_KEY = 'grpc-status-details-bin'
/** Trailers travel in one HTTP/2 header block, of which clients take 8 KiB by default, base64 included. */
const detailsBytesMax = 4096

const codecs = loadStatusDetails()

/** The refusal as the end of a call: code, sentence, and the details that a program reads. */
export function refusalStatus(refused: Refused): Partial<StatusObject> {
  const metadata = new Metadata()
  metadata.set(DETAILS_KEY, encodeDetails(refused))
  return { code: STATUS_OF[refused.refused], details: refused.detail, metadata }
}

function encodeDetails(refused: Refused): Buffer {
  const errors = [...(refused.errors ?? [])]
  for (;;) {
    const bytes = codecs.Status.encode({
      code: STATUS_OF[refused.refused],
      message: refused.detail,
      details: [
        any('ErrorInfo', codecs.ErrorInfo.encode({ reason: refused.refused.toUpperCase(), domain: DOMAIN })),
        ...(errors.length === 0 ? [] : [any('BadRequest', codecs.BadRequest.encode(badRequest(errors)))]),
        ...(refused.retryAfterMs === undefined ? [] : [any('RetryInfo', encodeRetry(refused.retryAfterMs))]),
      ],
    })
    // A hundred wrong options must not cost the client the whole answer: it gets the first of them.
    if (bytes.length <= detailsBytesMax || errors.length === 0) return bytes
    errors.length = Math.floor(errors.length / 2)
  }
}

/** The refusal that a server of ours sent; null for any other end of a call. */
export function readRefusal(error: { readonly details: string; readonly metadata: Metadata }): Refused | null {
  const [bytes] = error.metadata.get(DETAILS_KEY)
  if (!(bytes instanceof Buffer)) return null
  const details = new Map(codecs.Status.decode(bytes).details.map(({ type_url, value }) => [type_url, value]))
  const info = details.get(`${TYPE_URL}ErrorInfo`)
  if (info === undefined) return null
  const { domain, reason } = codecs.ErrorInfo.decode(info)
  const refused = reason.toLowerCase()
  if (domain !== DOMAIN || !isRefusal(refused)) return null
  const wrong = details.get(`${TYPE_URL}BadRequest`)
  const retry = details.get(`${TYPE_URL}RetryInfo`)
  return {
    refused,
    detail: error.details,
    ...(wrong === undefined ? {} : { errors: fieldErrors(codecs.BadRequest.decode(wrong).fieldViolations) }),
    ...(retry === undefined ? {} : { retryAfterMs: decodeRetry(retry) }),
  }
}

function isRefusal(word: string): word is Refusal {
  return Object.hasOwn(STATUS_OF, word)
}

function any(name: string, value: Uint8Array): { type_url: string; value: Uint8Array } {
  return { type_url: `${TYPE_URL}${name}`, value }
}

/** `/options/3/text` is `options[3].text` in the notation of google.rpc. */
function badRequest(errors: readonly FieldError[]): { fieldViolations: { field: string; description: string }[] } {
  return {
    fieldViolations: errors.map(({ pointer, detail }) => ({
      field: pointer
        .slice(1)
        .replaceAll(/\/(\d+)/g, '[$1]')
        .replaceAll('/', '.'),
      description: detail,
    })),
  }
}

function fieldErrors(violations: readonly { field: string; description: string }[]): readonly FieldError[] {
  return violations.map(({ field, description }) => ({
    pointer: `/${field.replaceAll(/\[(\d+)\]/g, '/$1').replaceAll('.', '/')}`,
    detail: description,
  }))
}

function encodeRetry(ms: number): Uint8Array {
  return codecs.RetryInfo.encode({ retryDelay: { seconds: Math.floor(ms / 1000), nanos: (ms % 1000) * 1_000_000 } })
}

function decodeRetry(bytes: Uint8Array): number {
  const delay = codecs.RetryInfo.decode(bytes).retryDelay
  return delay === null ? 0 : delay.seconds * 1000 + Math.ceil(delay.nanos / 1_000_000)
}
