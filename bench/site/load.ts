import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { constants, setPriority } from 'node:os'
import { fileURLToPath } from 'node:url'
import { createIdentifyVoter, type IdentifyVoter } from '../../src/application/cast-vote/identify-voter.ts'
import { isRefused } from '../../src/domain/refusal.ts'
import type { VoterKey } from '../../src/domain/vote.ts'
import type { Installation } from './installation.ts'

/** Requests that are alike but for one piece each: the last header line or lines. */
export type LoadTarget = {
  readonly port: number
  /** Up to and without the headers that vary; it ends with the end of a line. */
  readonly head: string
  readonly body: string
  /** The rest of the headers of each request, each with its end of line; empty: all requests are the same. */
  readonly varying: readonly string[]
}

export type LoadPlan = {
  readonly connections: number
  /** So many a second, whatever becomes of those before; null: each connection sends the next one when it has its answer. */
  readonly perSecond: number | null
  readonly forMs: number
  readonly requestsMax?: number
}

export type LoadReport = {
  readonly ms: number
  readonly sent: number
  /** Requests whose time had come, and that found every connection busy to the end. */
  readonly unsent: number
  readonly answered: number
  readonly perSecond: number
  readonly statuses: Readonly<Record<string, number>>
  /** Which of those sent, counted from 0, were answered with 400 or above. */
  readonly refused: readonly number[]
  readonly bytes: number
  /** From the moment at which it was to be sent to the answer, in milliseconds. */
  readonly latencies: readonly number[]
  /** When each was really sent, in that order, by the machine's clock; in milliseconds. */
  readonly sentAtMs: readonly number[]
}

export type LoadMessage = { readonly prepare: LoadTarget } | { readonly run: LoadPlan }

export type Load = {
  readonly pid: number
  readonly prepare: (target: LoadTarget) => Promise<void>
  readonly run: (plan: LoadPlan) => Promise<LoadReport>
  readonly stop: () => Promise<void>
}

/** A client in a process of its own; one that gives way has the time of its core that nobody else there wants. */
export function startLoad({ givesWay = false } = {}): Load {
  const program = fileURLToPath(new URL('../programs/load.ts', import.meta.url))
  const child: ChildProcess = fork(program, { serialization: 'advanced' })
  if (givesWay) setPriority(child.pid ?? 0, constants.priority.PRIORITY_LOW)
  const ask = async (message: LoadMessage): Promise<unknown> => {
    const answered = once(child, 'message')
    child.send(message)
    // What the program sends.
    const [reply] = (await answered) as [{ report: unknown } | { fault: string }]
    if ('fault' in reply) throw new Error(`the load: ${reply.fault}`)
    return reply.report
  }
  return {
    pid: child.pid ?? 0,
    async prepare(target) {
      await ask({ prepare: target })
    },
    // What the program answers to this.
    run: async (plan) => (await ask({ run: plan })) as LoadReport,
    async stop() {
      if (child.exitCode !== null) return
      const ended = once(child, 'exit')
      child.disconnect()
      await ended
    },
  }
}

/** Votes of as many voters, each with a session that was made beforehand. */
export function votesOf(
  installation: Pick<Installation, 'apiPort' | 'secrets'>,
  pollId: string,
  voters: number,
): LoadTarget {
  return votesBy(installation, pollId, mintTokens(installation, voters))
}

export function votesBy(
  { apiPort }: Pick<Installation, 'apiPort'>,
  pollId: string,
  tokens: readonly string[],
): LoadTarget {
  return { port: apiPort, ...voteRequest(pollId), varying: tokens.map((token) => `voter-token: ${token}\r\n`) }
}

/** The tokens of so many new sessions. */
export function mintTokens({ secrets }: Pick<Installation, 'secrets'>, voters: number): readonly string[] {
  const identifyVoter = identifierOf(secrets)
  return Array.from({ length: voters }, () => {
    const made = identifyVoter.session({ voterToken: null, sessionCookie: null, requestKey: null })
    if (isRefused(made)) throw new Error(made.detail)
    return made.token
  })
}

/** By which names the ledger knows whoever has these tokens. */
export async function voterKeysOf(
  { secrets }: Pick<Installation, 'secrets'>,
  pollId: string,
  tokens: readonly string[],
): Promise<readonly VoterKey[]> {
  const identifyVoter = identifierOf(secrets)
  const keys: VoterKey[] = []
  for (const voterToken of tokens) {
    const shown = { voterToken, sessionCookie: null, requestKey: null }
    const known = await identifyVoter.identify({ id: pollId, voterIdentity: 'session' }, shown)
    if (isRefused(known)) throw new Error(known.detail)
    keys.push(known.voter)
  }
  return keys
}

function identifierOf({ voterPepper, session, service }: Installation['secrets']): IdentifyVoter {
  return createIdentifyVoter({ voterPepper, sessionSecrets: [session], service })
}

/** The part of a vote that all of a poll share. */
export function voteRequest(pollId: string): Pick<LoadTarget, 'head' | 'body'> {
  const body = '{"option_id":1}'
  const head = `POST /polls/${pollId}/vote HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n`
  return { head, body }
}
