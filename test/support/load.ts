import { randomUUID } from 'node:crypto'
import type { Pool } from 'pg'
import { createSecretStore } from '../../src/adapters/postgres/secrets.ts'
import { createIdentifyVoter, type IdentifyVoter } from '../../src/application/cast-vote/identify-voter.ts'
import { isRefused } from '../../src/domain/refusal.ts'
import { sleep } from '../../src/runtime/stop-signal.ts'
import { createKeepAliveClient, type KeepAliveClient } from './keep-alive-client.ts'
import type { Attempt } from './ledger-check.ts'
import { readOutcome, type VoteOutcome } from './voter.ts'

export type LoadPlan = {
  readonly pollId: string
  readonly optionIds: readonly number[]
  /** The apis, taken in turn; a retry goes to the next one. */
  readonly urls: readonly string[]
  /** Mints sessions, so that a voter costs one request. */
  readonly identifyVoter: IdentifyVoter
  /** New voters per second, whatever becomes of those before (open loop). */
  readonly votesPerSecond: number
  /** The share of voters who change their vote once it is accepted, from 0 to 1. The poll must allow it. */
  readonly changeShare?: number
  /** How long a voter goes on asking with the same key when no answer comes, or one that says to come back. */
  readonly retryWithinMs?: number
  /** How often a voter asks again, at most; else as often as the time allows. */
  readonly retriesMax?: number
  /** No more voters than this come. */
  readonly votersMax?: number
}

/** Votes that arrive at a steady rate, whatever happens to the system. */
export type Load = {
  /** In the order in which they were answered; grows while the load runs. */
  readonly attempts: readonly Attempt[]
  readonly started: () => number
  readonly accepted: () => number
  /** Single answers by status or fault, retries included: what the system said while something was wrong. */
  readonly answers: ReadonlyMap<string, number>
  /** 503 and 429 that came without `Retry-After`. */
  readonly withoutRetryAfter: () => number
  /** The longest time that a single request went without an answer, in milliseconds. */
  readonly slowestMs: () => number
  /** The vote that stands of each voter who will do nothing more, in the order in which they came to their end. */
  readonly settled: readonly Attempt[]
  /**
   * Lets somebody who has voted ask again, as the same voter and with a new key. What is accepted of a `PUT` joins the attempts;
   * a second `POST` must not count, so it is nothing that the ledger may hold.
   */
  readonly askAgain: (before: Attempt, method: 'POST' | 'PUT', optionId: number) => Promise<Attempt>
  /** No new voters until `resume`. */
  readonly pause: () => void
  readonly resume: () => void
  /** Whether everybody who has come has the last answer. */
  readonly isIdle: () => boolean
  /** New voters per second of all the time until now, or until the stop; pauses left out. */
  readonly rate: () => number
  /** No new voters; resolves when each one has its last answer. */
  readonly stop: () => Promise<void>
}

/** What came of one request. Null says that the vote has its answer, a number to try again after the pause. */
type Asked = { readonly outcome: VoteOutcome; readonly againAfterMs: number | null; readonly isLost: boolean }

const tickMs = 20
const retryPauseMs = { least: 100, most: 500 }
const retryAfterMaxMs = 1_500
const retryStatuses = [429, 502, 503, 504]
const connectionsMax = 2_000

/** What mints the sessions of this installation. */
export const sessionMint = async (pool: Pool): Promise<IdentifyVoter> => {
  const { voterPepper, session, service } = await createSecretStore(pool).read()
  return createIdentifyVoter({ voterPepper, sessionSecrets: [session], service })
}

export const startLoad = (plan: LoadPlan): Load => {
  const { pollId, optionIds, urls, votesPerSecond, changeShare = 0, retryWithinMs = 40_000 } = plan
  const { retriesMax = Infinity, votersMax = Infinity } = plan
  const clients = urls.map((url) => createKeepAliveClient(url, connectionsMax))
  const attempts: Attempt[] = []
  const settled: Attempt[] = []
  const answers = new Map<string, number>()
  const running = new Set<Promise<void>>()
  const stopping = new AbortController()
  let started = 0
  let accepted = 0
  let withoutRetryAfter = 0
  let slowestMs = 0
  let comingMs = 0
  let isPaused = false

  const chooseOption = (among = optionIds): number => among[Math.floor(Math.random() * among.length)] ?? 0

  /** The same once more would be no change: the answer names the vote that stands. */
  const chooseOther = (before: Attempt): number =>
    chooseOption(optionIds.filter((optionId) => !before.optionIds.includes(optionId)))

  const ask = async (
    client: KeepAliveClient,
    method: 'POST' | 'PUT',
    body: unknown,
    headers: Readonly<Record<string, string>>,
  ): Promise<Asked> => {
    const count = (what: string): void => void answers.set(what, (answers.get(what) ?? 0) + 1)
    const pauseMs = retryPauseMs.least + Math.random() * (retryPauseMs.most - retryPauseMs.least)
    const askedAt = performance.now()
    try {
      const answer = await client.send(method, `/polls/${pollId}/vote`, { body, headers })
      count(String(answer.status))
      const outcome = readOutcome(answer)
      if (!retryStatuses.includes(answer.status)) return { outcome, againAfterMs: null, isLost: false }
      const retryAfter = answer.headers['retry-after']
      if (retryAfter === undefined) withoutRetryAfter += 1
      return {
        outcome,
        againAfterMs: pauseMs + Math.min(Number(retryAfter ?? 0) * 1000, retryAfterMaxMs),
        isLost: false,
      }
    } catch (fault) {
      const reason = fault instanceof Error ? fault.message : String(fault)
      count(fault instanceof Error && 'code' in fault ? String(fault.code) : reason)
      return { outcome: { result: 'unknown', reason }, againAfterMs: pauseMs, isLost: true }
    } finally {
      slowestMs = Math.max(slowestMs, performance.now() - askedAt)
    }
  }

  const tryUntilAnswered = async (
    number: number,
    token: string,
    method: 'POST' | 'PUT',
    optionId: number,
  ): Promise<Attempt> => {
    const key = randomUUID()
    const began = performance.now()
    const headers = { 'voter-token': token, 'idempotency-key': key }
    let answerLostAt: number | null = null
    for (let tries = 0; ; tries += 1) {
      // There is at least one api.
      const client = clients[(number + tries) % clients.length]!
      const { outcome, againAfterMs, isLost } = await ask(client, method, { option_ids: [optionId] }, headers)
      if (isLost) answerLostAt ??= Date.now()
      const isLast = tries >= retriesMax || performance.now() + (againAfterMs ?? 0) > began + retryWithinMs
      if (againAfterMs === null || isLast) {
        const voter = { session: () => token }
        return { voter, optionIds: [optionId], key, outcome, beganAt: began, answerLostAt }
      }
      await sleep(againAfterMs)
    }
  }

  const attempt = async (...asked: Parameters<typeof tryUntilAnswered>): Promise<Attempt> => {
    const made = await tryUntilAnswered(...asked)
    attempts.push(made)
    if (made.outcome.result === 'accepted') accepted += 1
    return made
  }

  const voteAs = async (number: number): Promise<void> => {
    const session = plan.identifyVoter.session({ voterToken: null, sessionCookie: null, requestKey: null })
    if (isRefused(session)) throw new Error(`no session was made: ${session.detail}`)
    const first = await attempt(number, session.token, 'POST', chooseOption())
    if (first.outcome.result !== 'accepted') return
    if (Math.random() >= changeShare) return void settled.push(first)
    const change = await attempt(number, session.token, 'PUT', chooseOther(first))
    if (change.outcome.result === 'accepted') settled.push(change)
    // What was asked for and never answered may have counted.
    if (change.outcome.result === 'refused' && !retryStatuses.includes(change.outcome.status)) settled.push(first)
  }

  const run = async (): Promise<void> => {
    for (let lookedAt = performance.now(); !stopping.signal.aborted;) {
      const now = performance.now()
      if (!isPaused) comingMs += now - lookedAt
      lookedAt = now
      const due = Math.min(votersMax, Math.floor((comingMs / 1000) * votesPerSecond))
      for (; started < due; started += 1) {
        const voting = voteAs(started)
        running.add(voting)
        const forget = (): boolean => running.delete(voting)
        voting.then(forget, forget)
      }
      await sleep(tickMs, stopping.signal)
    }
  }
  const coming = run()

  return {
    attempts,
    answers,
    started: () => started,
    accepted: () => accepted,
    withoutRetryAfter: () => withoutRetryAfter,
    slowestMs: () => slowestMs,
    settled,
    askAgain: async (before, method, optionId) => {
      const token = before.voter.session()
      if (token === null) throw new Error('who has voted has a session')
      return (method === 'PUT' ? attempt : tryUntilAnswered)(started, token, method, optionId)
    },
    pause: () => {
      isPaused = true
    },
    resume: () => {
      isPaused = false
    },
    isIdle: () => running.size === 0,
    rate: () => started / (comingMs / 1000),
    async stop() {
      stopping.abort()
      await coming
      while (running.size > 0) await Promise.all(running)
      for (const client of clients) client.close()
    },
  }
}
