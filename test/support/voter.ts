import { randomUUID } from 'node:crypto'
import { type Answer, createKeepAliveClient, textIn } from './keep-alive-client.ts'

const retryAfterMs = 1_000
const retryAfterMaxMs = 5_000
const attemptsMax = 20
const retryCodes = [429, 502, 503, 504]

/** What became of one vote. */
export type VoteOutcome =
  | { readonly result: 'accepted'; readonly voteId: string }
  | { readonly result: 'refused'; readonly status: number; readonly code: string }
  /** No answer came, however often it was asked: the vote may count or not. */
  | { readonly result: 'unknown'; readonly reason: string }

export type VoteCall = {
  readonly pollId: string
  readonly optionIds: readonly number[]
  /** The Idempotency-Key, sent with every attempt: so the attempts are one vote. */
  readonly key?: string
  readonly method?: 'POST' | 'PUT'
  /** For how long it is tried again when no answer comes, or one that says to come back. */
  readonly retryWithinMs?: number
}

export type Voter = {
  /** Asks for a session before the first vote, as a program does. */
  begin(): Promise<void>
  /** Votes; a later call is of the same voter. */
  vote(call: VoteCall): Promise<VoteOutcome>
  ownVote(pollId: string): Promise<Answer>
  /** The session by which the service knows this voter; null before the first answer. */
  session(): string | null
  close(): void
}

/** How a voter keeps its session: as a browser in a cookie, or as a program in the `Voter-Token` header. */
export type SessionKind = 'cookie' | 'token'

/**
 * One person with one device: connections and a session that nobody else has. Without the client, whose requests share the connections of a process, and
 * which leaves cookies to browsers.
 */
export function createVoter(address: string, kind: SessionKind): Voter {
  const client = createKeepAliveClient(address)
  let session: string | null = null
  let beginning: Promise<void> | null = null

  function credentials(): Record<string, string> {
    if (session === null) return {}
    return kind === 'cookie' ? { cookie: `tallycast_session=${session}` } : { 'voter-token': session }
  }

  function keepSession(answer: Answer): void {
    if (kind === 'token') session ??= textIn(answer.body, 'voter_token')
    for (const cookie of answer.headers['set-cookie'] ?? []) {
      const value = /^tallycast_session=([^;]+)/.exec(cookie)?.[1]
      if (kind === 'cookie' && value !== undefined) session = value
    }
  }

  /** A program asks for its session first; a browser is given one with its first vote. */
  async function beginSession(): Promise<void> {
    if (kind === 'cookie' || session !== null) return
    beginning ??= client.send('POST', '/session').then(keepSession)
    try {
      await beginning
    } finally {
      beginning = null
    }
  }

  return {
    begin: beginSession,
    async vote({ pollId, optionIds, key = randomUUID(), method = 'POST', retryWithinMs = 15_000 }) {
      const deadline = performance.now() + retryWithinMs
      let outcome: VoteOutcome = { result: 'unknown', reason: 'not asked' }
      for (let attempt = 1; attempt <= attemptsMax; attempt += 1) {
        let waitMs = retryAfterMs * Math.random()
        try {
          await beginSession()
          const answer = await client.send(method, `/polls/${pollId}/vote`, {
            body: { option_ids: optionIds },
            headers: { ...credentials(), 'idempotency-key': key },
          })
          keepSession(answer)
          outcome = readOutcome(answer)
          if (!retryCodes.includes(answer.status)) return outcome
          waitMs += readRetryAfter(answer)
        } catch (fault) {
          outcome = { result: 'unknown', reason: fault instanceof Error ? fault.message : String(fault) }
        }
        if (performance.now() + waitMs > deadline) return outcome
        await wait(waitMs)
      }
      return outcome
    },
    ownVote: async (pollId) => client.send('GET', `/polls/${pollId}/vote`, { headers: credentials() }),
    session: () => session,
    close: () => client.close(),
  }
}

/** What an answer to a vote says. */
export function readOutcome(answer: Answer): VoteOutcome {
  const voteId = textIn(answer.body, 'vote_id')
  if (answer.status === 202 && voteId !== null) return { result: 'accepted', voteId }
  return { result: 'refused', status: answer.status, code: textIn(answer.body, 'code') ?? 'without a code' }
}

function readRetryAfter({ headers }: Answer): number {
  const seconds = Number(headers['retry-after'] ?? 0)
  return Number.isFinite(seconds) ? Math.min(seconds * 1000, retryAfterMaxMs) : 0
}

async function wait(ms: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  setTimeout(resolve, ms)
  await promise
}
