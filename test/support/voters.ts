import { randomUUID } from 'node:crypto'
import type { Attempt } from './ledger-check.ts'
import { createVoter, type Voter } from './voter.ts'

/** Voters who wait for their answers at the same moment. */
const atOnceMax = 100

export type VotersPlan = {
  readonly pollId: string
  readonly optionIds: readonly number[]
  /** The api that the voter with this number talks to. */
  readonly apiUrl: (number: number) => string
  /** Asked before each voter, with how many came before. */
  readonly goOn: (number: number) => boolean
  readonly atOnce?: number
  readonly retryWithinMs?: number
  /** What a voter does after the vote, before it leaves. */
  readonly afterwards?: (number: number, attempt: VoterAttempt) => Promise<void>
}

/** An attempt whose voter can be asked for more. */
export type VoterAttempt = Attempt & { readonly voter: Voter }

/** People who come and vote, each with connections and a session of its own, half of them as browsers do it. */
export type Voters = {
  /** In the order in which they were answered; grows while they vote. */
  readonly attempts: readonly VoterAttempt[]
  readonly accepted: () => number
  /** Resolves when the last one has left. */
  readonly done: Promise<void>
}

export const letVote = (plan: VotersPlan): Voters => {
  const attempts: VoterAttempt[] = []
  let accepted = 0
  let next = 0

  const voteAs = async (number: number): Promise<void> => {
    const voter = createVoter(plan.apiUrl(number), number % 4 < 2 ? 'cookie' : 'token')
    const optionIds = [plan.optionIds[Math.floor(Math.random() * plan.optionIds.length)] ?? 0]
    try {
      const attempt = await attemptVote(voter, plan.pollId, optionIds, plan.retryWithinMs)
      attempts.push(attempt)
      if (attempt.outcome.result === 'accepted') accepted += 1
      await plan.afterwards?.(number, attempt)
    } finally {
      voter.close()
    }
  }
  const takeTurns = async (): Promise<void> => {
    while (plan.goOn(next)) {
      next += 1
      await voteAs(next - 1)
    }
  }
  const turns = Array.from({ length: plan.atOnce ?? atOnceMax }, takeTurns)
  return { attempts, accepted: () => accepted, done: Promise.all(turns).then(() => undefined) }
}

export const attemptVote = async (
  voter: Voter,
  pollId: string,
  optionIds: readonly number[],
  retryWithinMs?: number,
): Promise<VoterAttempt> => {
  const key = randomUUID()
  const beganAt = performance.now()
  const outcome = await voter.vote({ pollId, optionIds, key, ...(retryWithinMs !== undefined && { retryWithinMs }) })
  return { voter, optionIds, key, outcome, beganAt }
}
