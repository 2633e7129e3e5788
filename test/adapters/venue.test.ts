import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { claimsFor, type HostKey, makeHostKey } from '../support/host-application.ts'
import { type Answer, createKeepAliveClient, type KeepAliveClient, textIn } from '../support/keep-alive-client.ts'
import { organisePoll, type OrganisedPoll } from '../support/organiser.ts'
import { raisedLimits } from '../support/raised-limits.ts'
import { type RunningSystem, startSystem } from '../support/running-system.ts'
import { waitUntil } from '../support/wait-until.ts'

/** Nothing is said of any limit, so that each is what it is where nobody has set it. */
const asDelivered = Object.fromEntries(Object.keys(raisedLimits).map((name) => [name, '']))
const voters = 2_000
const atOnce = 40

let system: RunningSystem
let host: HostKey
let stranger: HostKey
let client: KeepAliveClient

beforeAll(async () => {
  host = await makeHostKey('EdDSA')
  stranger = await makeHostKey('EdDSA')
  system = await startSystem('redis', {
    ...asDelivered,
    HOST_TOKEN_PUBLIC_KEYS: host.publicPem,
    // Clients and service share this process, so votes may lie unread in it for long, which is not what this is about.
    VOTE_UNREAD_MS_MAX: '10000',
  })
  client = createKeepAliveClient(system.url, 2 * atOnce)
})
afterAll(async () => {
  client.close()
  await system.stop()
})

/** Does the work for each of so many, as many at a time as come at once; how often there was which status. */
async function countStatuses(
  count: number,
  work: (number: number) => Promise<readonly Answer[]>,
): Promise<Readonly<Record<number, number>>> {
  const statuses: Record<number, number> = {}
  let next = 0
  const line = async (): Promise<void> => {
    while (next < count) {
      for (const { status } of await work((next += 1))) statuses[status] = (statuses[status] ?? 0) + 1
    }
  }
  await Promise.all(Array.from({ length: atOnce }, line))
  return statuses
}

const makePoll = async (more: Readonly<Record<string, unknown>> = {}): Promise<OrganisedPoll> =>
  organisePoll(system.url, more)

const see = async ({ id }: OrganisedPoll): Promise<Answer> => client.send('GET', `/polls/${id}`)
const vote = async ({ id }: OrganisedPoll, headers: Readonly<Record<string, string>> = {}): Promise<Answer> =>
  client.send('POST', `/polls/${id}/vote`, { body: { option_id: 1 }, headers })

test('2,000 voters behind one address come, vote and ask once more in less than a minute, and none is refused', async () => {
  const poll = await makePoll()
  const statuses = await countStatuses(voters, async () => {
    // Nobody keeps the session that the first answer brought: so both are of somebody new.
    const key = { 'idempotency-key': randomUUID() }
    return [await see(poll), await vote(poll, key), await vote(poll, key)]
  })
  expect(statuses).toEqual({ 200: voters, 202: 2 * voters })
  await waitUntil(async () => (await poll.see(system.url)).total_votes === voters, { withinMs: 20_000 })
}, 60_000)

test('2,000 people behind one address type the code on the screen, and none is refused', async () => {
  const poll = await makePoll()
  const code = textIn((await see(poll)).body, 'join_code') ?? ''
  const spelled = `${code.slice(0, 3)}-${code.slice(3)}`.toLowerCase()
  const statuses = await countStatuses(voters, async (number) => [
    await client.send('GET', `/j/${number % 2 === 0 ? code : spelled}`),
  ])
  expect(statuses).toEqual({ 200: voters })
}, 60_000)

test('one voter who hammers is refused, and harms nobody behind the same address', async () => {
  const poll = await makePoll({ allow_vote_change: true })
  const session = textIn((await client.send('POST', '/session')).body, 'voter_token') ?? ''
  const told = new Map<number, number>()
  let isHammering = true
  const hammer = async (): Promise<void> => {
    while (isHammering) {
      const { status } = await vote(poll, { 'voter-token': session })
      told.set(status, (told.get(status) ?? 0) + 1)
    }
  }
  const hammering = Promise.all([hammer(), hammer(), hammer(), hammer()])
  await waitUntil(() => told.has(429), { withinMs: 20_000 })
  const quiet = 300
  const asked = countStatuses(quiet, async () => [await vote(poll), await see(poll)])
  const statuses = await asked.finally(() => (isHammering = false))
  await hammering
  expect(statuses).toEqual({ 200: quiet, 202: quiet })
  expect(new Set(told.keys())).toEqual(new Set([202, 429]))
  expect(told.get(202)).toBeGreaterThanOrEqual(60)
}, 60_000)

test('while made-up tokens come in floods, each is 401 or 429, and nobody who is known is refused behind the same address', async () => {
  const poll = await makePoll({ voter_identity: 'token' })
  const ofSessions = await makePoll()
  const mint = async (key: HostKey, count: number): Promise<readonly string[]> =>
    Promise.all(
      Array.from({ length: count }, async (_, number) => key.sign(claimsFor(poll.id, { sub: `voter-${number}` }))),
    )
  const [known, forged] = [await mint(host, 50), await mint(stranger, 1_500)]
  const voteWith = async (token = ''): Promise<Answer> => vote(poll, { 'voter-token': token })
  for (const token of known) expect((await voteWith(token)).status).toBe(202)
  const flood = countStatuses(forged.length, async (number) => [await voteWith(forged[number - 1])])
  const votes = 300
  const statuses = await countStatuses(votes, async (number) => [
    await voteWith(known[number % known.length]),
    await vote(ofSessions),
  ])
  expect(statuses).toEqual({ 202: 2 * votes })
  const { 401: verified = 0, 429: tooMany = 0, ...others } = await flood
  expect(others).toEqual({})
  expect(verified).toBeGreaterThanOrEqual(600)
  expect(tooMany).toBeGreaterThan(300)
}, 60_000)
