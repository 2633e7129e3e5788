import type { Problem } from '../../contract/messages.ts'

/**
 * Why a call did not succeed, as the service says it: its codes stand in its API description (`/docs`). Two are the client's own:
 * `unreachable`, no answer came, and `unreadable`, what answered is not Tallycast.
 */
export type ErrorCode =
  | 'unreachable'
  | 'unreadable'
  | 'invalid_json'
  | 'idempotency_key_weak'
  | 'unauthenticated'
  | 'token_invalid'
  | 'forbidden'
  | 'poll_not_found'
  | 'vote_not_found'
  | 'already_voted'
  | 'code_used'
  | 'poll_not_open'
  | 'poll_closed'
  | 'poll_final'
  | 'poll_not_final'
  | 'round_not_current'
  | 'votes_pruned'
  | 'identity_not_code'
  | 'code_limit_reached'
  | 'options_frozen'
  | 'change_not_allowed'
  | 'no_vote'
  | 'too_large'
  | 'invalid_body'
  | 'option_unknown'
  | 'too_few_choices'
  | 'too_many_choices'
  | 'idempotency_key_reused'
  | 'rate_limited'
  | 'overloaded'
  | 'unavailable'
  // A newer service may know more.
  | (string & {})

type Told = {
  readonly code: ErrorCode
  readonly detail: string
  readonly status?: number
  readonly errors?: NonNullable<Problem['errors']>
  readonly requestId?: string | null
  readonly retryAfterMs?: number | null
  readonly cause?: unknown
}

/** What every call of the client rejects with; `message` is a sentence for people. */
export class TallycastError extends Error {
  override readonly name = 'TallycastError'
  readonly code: ErrorCode
  /** Of HTTP; 0 where no answer came. */
  readonly status: number
  /** Which fields are wrong: `pointer` is a JSON Pointer into what was sent. */
  readonly errors: NonNullable<Problem['errors']>
  /** Names the request in the service's log. */
  readonly requestId: string | null
  /** When the same call may succeed; null where nobody said so. */
  readonly retryAfterMs: number | null

  constructor({ code, detail, status = 0, errors = [], requestId = null, retryAfterMs = null, cause }: Told) {
    super(detail, { cause })
    this.code = code
    this.status = status
    this.errors = errors
    this.requestId = requestId
    this.retryAfterMs = retryAfterMs
  }
}

/** What an answer other than a success says. */
export async function errorOf(response: Response): Promise<TallycastError> {
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN)
  const told = {
    status: response.status,
    requestId: response.headers.get('x-request-id'),
    retryAfterMs: Number.isFinite(seconds) ? seconds * 1000 : null,
  }
  const body: unknown = await response.json().catch(() => null)
  if (!isProblem(body)) {
    return new TallycastError({
      ...told,
      code: 'unreadable',
      detail: `The answer was ${response.status}, without a reason.`,
    })
  }
  return new TallycastError({ ...told, code: body.code, detail: body.detail, errors: body.errors ?? [] })
}

function isProblem(body: unknown): body is Problem {
  return typeof body === 'object' && body !== null && 'code' in body && 'detail' in body
}
