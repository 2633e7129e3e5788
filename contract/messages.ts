/** What crosses the wire in the live channels (WebSocket, server-sent events), the form of every error, and signed results. */

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

/**
 * What is signed of a poll's round once its result is final. Members that the HTTP API has too mean what they mean there; times are
 * RFC 3339, UTC. Later versions may add members: they are signed as well.
 */
export type FinalResult = {
  readonly format: 'tallycast.result.v1'
  /** PUBLIC_URL of the service; null where it has none. */
  readonly issuer: string | null
  readonly poll_id: string
  readonly question: string
  readonly description: string
  readonly type: 'single' | 'multiple'
  readonly options: readonly { readonly id: number; readonly text: string; readonly votes: number }[]
  readonly min_choices: number
  readonly max_choices: number
  readonly voter_identity: 'none' | 'session' | 'token' | 'code'
  readonly allow_vote_change: boolean
  readonly opened_at: string | null
  readonly closed_at: string | null
  readonly edited_at: string | null
  readonly round: number
  readonly revision: number
  readonly version: number
  readonly total_votes: number
  /**
   * SHA-256, hexadecimal, over a line for each vote that stands, in the order of the voter keys: the key (32 lower-case hexadecimal
   * digits), a space, the ids of the chosen options in ascending order with commas between, a line feed.
   */
  readonly ledger: { readonly algorithm: 'sha-256'; readonly votes: number; readonly digest: string }
}

/** A result and who says so: Ed25519 over the UTF-8 bytes of `result` in canonical form (RFC 8785). */
export type SignedResult = {
  readonly result: FinalResult
  readonly signature: {
    readonly algorithm: 'Ed25519'
    /** The key's thumbprint (RFC 7638), by which it is found among the published ones. */
    readonly key_id: string
    /** Base64 (RFC 4648, section 4). */
    readonly value: string
  }
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
