import { randomBytes } from 'node:crypto'
import { expect } from 'vitest'
import { createSecretStore } from '../../../src/adapters/postgres/secrets.ts'
import { createIdentifyVoter } from '../../../src/application/cast-vote/identify-voter.ts'
import { createTickets, type Tickets } from '../../../src/application/watch-poll/ticket.ts'
import { connectAdminClient } from '../admin-client.ts'
import { granted } from '../admin-side.ts'
import { forgedMessage } from './odd-requests.ts'
import { claimsFor, type HostKey, type KeySetServer, makeHostKey, startKeySetServer } from '../host-application.ts'
import { createHttpClient } from '../http-client.ts'
import type { System } from '../system.ts'
import { waitUntil } from '../wait-until.ts'

export type StagePoll = { readonly id: string; readonly path: string; readonly manageToken: string }

/** Two keys of one host, of two kinds, behind its URL. */
export type StageHost = {
  readonly rsa: HostKey
  readonly edwards: HostKey
  readonly server: KeySetServer
}

/** Polls with the votes of honest people, and everything that these people show. */
export type Stage = {
  readonly url: string
  readonly host: StageHost
  /** Its voters have tokens of the host: one has voted for 1, another for 2. */
  readonly hosted: StagePoll
  /** Its voters have sessions: one has voted for 1. Who has not voted sees no results. */
  readonly sessions: StagePoll
  /** Its voters have codes: one has voted for 1. */
  readonly coded: StagePoll
  /** Of another organiser. */
  readonly other: StagePoll
  /** Of whoever voted in `sessions`. */
  readonly voterToken: string
  readonly ticket: string
  /** Of whoever voted for 1 in `hosted`. */
  readonly hostToken: string
  /** Of whoever voted in `coded`. */
  readonly usedCode: string
  /** One that nobody has used, of another poll. */
  readonly otherCode: string
  /** Of another organiser, who may do everything with polls of its own. */
  readonly apiKey: string
  readonly adminToken: string
  /** Everything that lets its holder do something, to be found in no log. */
  readonly secrets: readonly string[]
  /** As this service made one so long ago. */
  readonly oldSession: (ageMs: number) => string
  readonly oldTickets: (ageMs: number) => Tickets
}

export const startStageHost = async (): Promise<StageHost> => {
  const [rsa, edwards] = [await makeHostKey('RS256', 'rsa'), await makeHostKey('EdDSA', 'edwards')]
  return { rsa, edwards, server: await startKeySetServer([rsa.publicJwk, edwards.publicJwk]) }
}

export const setStage = async (system: System, host: StageHost): Promise<Stage> => {
  const { adminToken } = system
  const url = system.apiUrl(0)
  const call = createHttpClient(url)
  const makePoll = async (more: object): Promise<StagePoll> => {
    const json = { question: 'What?', options: ['Tea', 'Coffee'], allow_vote_change: true, ...more }
    const { body } = await call('POST', '/polls', { json })
    return { id: body.id, path: `/polls/${body.id}`, manageToken: body.manage_token }
  }
  const makeCode = async ({ path, manageToken }: StagePoll): Promise<string> =>
    (await call('POST', `${path}/codes`, { json: { count: 1 }, bearer: manageToken })).body.codes[0]
  const hosted = await makePoll({ voter_identity: 'token' })
  const sessions = await makePoll({ results_visibility: 'after_vote', voter_visibility: 'organizer' })
  const coded = await makePoll({ voter_identity: 'code' })
  const other = await makePoll({ voter_identity: 'none' })
  const usedCode = await makeCode(coded)
  const otherCode = await makeCode(await makePoll({ voter_identity: 'code' }))
  const hostToken = await host.rsa.sign(claimsFor(hosted.id, { sub: 'ann' }))
  const others = await host.edwards.sign(claimsFor(hosted.id, { sub: 'ben' }))
  const { voter_token: voterToken } = (await call('POST', '/session')).body
  const votes = [
    [hosted, 1, hostToken],
    [hosted, 2, others],
    [sessions, 1, voterToken],
    [coded, 1, usedCode],
  ] as const
  for (const [{ path }, optionId, shown] of votes) {
    const { status } = await call('POST', `${path}/vote`, { json: { option_id: optionId }, voterToken: shown })
    expect(status).toBe(202)
  }
  const { ticket } = (await call('POST', `${sessions.path}/ticket`, { voterToken })).body
  // There is one.
  const admin = connectAdminClient(new URL(system.admins[0]!.url).host, adminToken)
  const apiKey = granted(await admin.createApiKey({ name: 'Another', scopes: ['polls:write', 'polls:read'] })).secret
  admin.close()
  const { session, service } = await createSecretStore(system.database.pool).read()
  const keys = { voterPepper: randomBytes(32), sessionSecrets: [session], service }
  const shown = [hosted, sessions, coded, other].map(({ manageToken }) => manageToken)
  return {
    url,
    host,
    hosted,
    sessions,
    coded,
    other,
    usedCode,
    otherCode,
    voterToken,
    ticket,
    hostToken,
    apiKey,
    adminToken,
    secrets: [...shown, usedCode, otherCode, voterToken, ticket, hostToken, others, apiKey, adminToken],
    oldSession(ageMs) {
      const made = createIdentifyVoter(keys, { now: () => Date.now() - ageMs })
      // Who shows nothing is given one.
      return (made.session({ voterToken: null, sessionCookie: null, requestKey: null }) as { readonly token: string })
        .token
    },
    oldTickets: (ageMs) => createTickets(service, () => Date.now() - ageMs),
  }
}

/** Waits until the polls of the stage count what honest people chose, and nothing else: what counts wrongly may come late. */
export const honestCounts = async (
  { url, hosted, sessions, coded, other }: Stage,
  { database }: Pick<System, 'database'>,
): Promise<void> => {
  const call = createHttpClient(url)
  const countsOf = async ({ path, manageToken }: StagePoll): Promise<readonly unknown[]> => {
    const { status, options, round } = (await call('GET', path, { bearer: manageToken })).body
    return [status, round, ...options.map(({ votes }: { readonly votes: number }) => votes)]
  }
  const honest = [
    ['open', 1, 1, 1],
    ['open', 1, 1, 0],
    ['open', 1, 1, 0],
    ['open', 1, 0, 0],
  ]
  let counts: readonly unknown[] = []
  const isHonest = async (): Promise<boolean> => {
    counts = await Promise.all([hosted, sessions, coded, other].map(countsOf))
    return JSON.stringify(counts) === JSON.stringify(honest)
  }
  await waitUntil(isHonest, { what: () => `honest counts, but ${JSON.stringify(counts)}` })
  const { rows } = await database.pool.query<{ votes: number }>(
    'select count(*)::integer as votes from vote where poll_id = any($1)',
    [[hosted.id, sessions.id, coded.id, other.id]],
  )
  expect(rows[0]?.votes).toBe(4)
}

/** What is wrong with what the processes have written: a secret, a line of somebody else's, an end; of each what and where. */
export const whatIsTold = ({ secrets }: Stage, { apis, workers, admins }: System): readonly string[] =>
  [...apis, ...workers, ...admins].flatMap((member) => {
    const output = member.output()
    const told = secrets.filter((secret) => output.includes(secret)).map((secret) => `tells ${secret}`)
    const broken = output.trim().split('\n').filter(isBroken)
    const ended = member.isRunning() ? [] : ['has ended']
    // Else the beginning would not be looked at.
    const forgotten = member.written() > output.length ? ['has written more than is kept'] : []
    return [...told, ...broken, ...ended, ...forgotten].map((what) => `${member.name} ${what}`)
  })

/** Whether somebody has put a line break into this line, or a line of their own behind it. */
const isBroken = (line: string): boolean => {
  try {
    const { msg } = JSON.parse(line) as { readonly msg?: string }
    return msg === undefined || msg === forgedMessage
  } catch {
    return true
  }
}
