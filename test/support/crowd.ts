import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Pool } from 'pg'
import { createSecretStore } from '../../src/adapters/postgres/secrets.ts'
import type { Attempt } from './ledger-check.ts'
import type { VoteOutcome } from './voter.ts'

export type CrowdPlan = {
  readonly pollId: string
  readonly optionIds: readonly number[]
  readonly port: number
}

export type CrowdSecrets = { readonly voterPepper: string; readonly session: string; readonly service: string }

export type Offer = {
  /** Connections that carry votes. */
  readonly connections: number
  /** Votes that may wait for their answers on each of them at once. */
  readonly perConnection: number
  /**
   * Votes per second, whatever becomes of those before. As many `times` what is accepted: steered so, from a first guess on. Null: each
   * connection carries one at a time, and the next when that has its answer.
   */
  readonly votesPerSecond: number | { readonly guess: number; readonly times: number } | null
  readonly forMs: number
}

export type Times = { readonly count: number; readonly p50: number; readonly p99: number; readonly max: number }

export type CrowdReport = {
  readonly ms: number
  readonly sent: number
  /** Votes whose time had come while every connection waited for as many answers as it may. */
  readonly notSent: number
  /** Answers by status or code. */
  readonly answers: Readonly<Record<string, number>>
  /** From the moment when they were due to the answer, in milliseconds. */
  readonly accepted: Times
  readonly refused: Times
  /** Of those who connect anew, one vote each: from then to the answer. */
  readonly newcomers: Times
  readonly withoutRetryAfter: number
  /** How late the crowd itself was, in milliseconds: its 99th percentile. */
  readonly lateMs: number
}

/** What a voter of the crowd wanted, and what came of it. */
export type CrowdVote = {
  readonly token: string
  readonly key: string
  readonly optionId: number
  outcome: VoteOutcome
}

export type CrowdMessage =
  | { readonly begin: CrowdPlan & { readonly secrets: CrowdSecrets } }
  | { readonly offer: Offer }
  | { readonly writeTo: string }

export type Crowd = {
  readonly offer: (offer: Offer) => Promise<CrowdReport>
  /** Every vote that was ever sent. */
  readonly attempts: () => Promise<readonly Attempt[]>
  readonly stop: () => Promise<void>
}

/** People who vote from a process of their own, so that they neither wait for the test nor keep it waiting. */
export const startCrowd = async (pool: Pool, plan: CrowdPlan): Promise<Crowd> => {
  const program = fileURLToPath(new URL('./programs/crowd.ts', import.meta.url))
  const child = spawn(process.execPath, [program], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  let asked = Promise.withResolvers<unknown>()
  child.on('message', (reply) => asked.resolve(reply))
  child.on('exit', () => asked.reject(new Error('the crowd has ended')))
  const ask = async (message: CrowdMessage): Promise<unknown> => {
    asked = Promise.withResolvers<unknown>()
    child.send(message)
    return asked.promise
  }
  const { voterPepper, session, service } = await createSecretStore(pool).read()
  const inText = (secret: Uint8Array): string => Buffer.from(secret).toString('base64')
  const secrets = { voterPepper: inText(voterPepper), session: inText(session), service: inText(service) }
  await ask({ begin: { ...plan, secrets } })
  return {
    // What the program answers to this.
    offer: async (offer) => (await ask({ offer })) as CrowdReport,
    async attempts() {
      const folder = mkdtempSync(join(tmpdir(), 'tallycast-crowd-'))
      try {
        const path = join(folder, 'votes')
        await ask({ writeTo: path })
        return readFileSync(path, 'utf8')
          .split('\n')
          .filter((line) => line !== '')
          .map((line) => attemptOf(JSON.parse(line) as CrowdVote)) // the program wrote it
      } finally {
        rmSync(folder, { recursive: true, force: true })
      }
    },
    async stop() {
      if (child.exitCode !== null) return
      // Nobody waits for an answer any more.
      asked.promise.catch(() => undefined)
      const ended = once(child, 'exit')
      child.disconnect()
      await ended
    },
  }
}

const attemptOf = ({ token, key, optionId, outcome }: CrowdVote): Attempt => ({
  voter: { session: () => token },
  optionIds: [optionId],
  key,
  outcome,
  beganAt: 0,
})
