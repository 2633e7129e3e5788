/** What crosses the wire in the live channels (WebSocket, server-sent events), and the form of every error. */

/**
 * The whole state of a poll's results, sent at connect and whenever it has changed. Counts, total and version are null
 * where this viewer may not see results; they are never 0 instead.
 */
export type TallyMessage = {
  readonly type: 'tally'
  readonly poll_id: string
  readonly round: number
  /** Only grows. A message with a lower version than one already seen is older news. */
  readonly version: number | null
  readonly revision: number
  /** RFC 3339, UTC: when the counts were read. Null with hidden results, which tell nothing of votes, not even their time. */
  readonly as_of: string | null
  readonly status: 'draft' | 'scheduled' | 'open' | 'closing' | 'closed' | 'deleted'
  readonly options: readonly { readonly id: number; readonly votes: number | null }[]
  readonly total_votes: number | null
  readonly results_final: boolean
}

/** An RFC 9457 problem. `code` is the stable word for programs; `errors` points at the wrong fields (RFC 6901). */
export type Problem = {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly code: string
  readonly detail: string
  readonly errors?: readonly { readonly pointer: string; readonly detail: string }[]
  readonly request_id: string
}

/** Codes with which a viewer's WebSocket is closed. */
export const CLOSE_CODES = {
  goingAway: 1001,
  unsupportedData: 1003,
  policyViolation: 1008,
  tooLarge: 1009,
  tryAgain: 1012,
  tooBusy: 1013,
  unauthenticated: 4401,
  forbidden: 4403,
  pollNotFound: 4404,
  tooSlow: 4508,
} as const

/** Codes after which a viewer never comes back; after any other it reconnects, with jitter, as `retry_ms=…` in the reason says. */
export const FINAL_CLOSE_CODES: readonly number[] = [
  CLOSE_CODES.policyViolation,
  CLOSE_CODES.tooLarge,
  CLOSE_CODES.unauthenticated,
  CLOSE_CODES.forbidden,
  CLOSE_CODES.pollNotFound,
]
