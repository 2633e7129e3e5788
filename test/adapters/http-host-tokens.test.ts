import { createSecretKey } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  claimsFor,
  type HostKey,
  type KeySetServer,
  makeHostKey,
  signToken,
  startKeySetServer,
} from '../support/host-application.ts'
import { cookieOf, type HttpClient } from '../support/http-client.ts'
import { createCheckedClient } from '../support/openapi-document.ts'
import { adminToken, type Profile, type RunningSystem, startSystem } from '../support/running-system.ts'
import { connectViewer } from '../support/viewer.ts'
import { waitUntil } from '../support/wait-until.ts'

const secret = 'a-secret-of-the-host-0123456789-abcdef'

describe.each<Profile>(['redis', 'postgres'])('voters of a host, on %s', (profile) => {
  let system: RunningSystem
  let call: HttpClient
  const disagreements: string[] = []

  beforeAll(async () => {
    system = await startSystem(profile, { HOST_TOKEN_SECRETS: secret })
    call = await createCheckedClient(system.url, disagreements)
  })
  afterAll(async () => {
    await system.stop()
  })

  async function makePoll(more: object = {}) {
    const poll = { question: 'What?', options: ['Tea', 'Coffee', 'Cocoa'], voter_identity: 'token', ...more }
    const made = await call('POST', '/polls', { json: poll })
    expect(made.status).toBe(201)
    const { id } = made.body
    return {
      id: id as string,
      path: `/polls/${id}`,
      vote: `/polls/${id}/vote`,
      bearer: made.body.manage_token as string,
    }
  }

  const tokenFor = async (pollId: string, sub: string): Promise<string> =>
    signToken(claimsFor(pollId, { sub }), createSecretKey(secret, 'utf8'), 'HS256')

  test('vote with a token alone, get no session, and are the same voter with another token of the same name', async () => {
    const { id, path, vote } = await makePoll()
    const first = await call('POST', vote, { json: { option_id: 2 }, voterToken: await tokenFor(id, 'ann') })
    expect([first.status, Object.keys(first.body)]).toEqual([202, ['vote_id', 'status']])
    expect(first.headers.getSetCookie()).toEqual([])
    const voterToken = await tokenFor(id, 'ann')
    expect((await call('POST', vote, { json: { option_id: 2 }, voterToken })).body).toEqual(first.body)
    expect((await call('POST', vote, { json: { option_id: 1 }, voterToken })).body.code).toBe('already_voted')
    expect((await call('GET', vote, { voterToken })).body.vote).toMatchObject({ option_ids: [2] })
    expect((await call('GET', vote, { voterToken: await tokenFor(id, 'ben') })).body).toEqual({ vote: null })
    await waitUntil(async () => (await call('GET', path)).body.total_votes === 1)
  })

  test('may change and retract where the poll allows it', async () => {
    const { id, vote } = await makePoll({ allow_vote_change: true })
    const voterToken = await tokenFor(id, 'ann')
    expect((await call('PUT', vote, { json: { option_id: 1 }, voterToken })).body.code).toBe('no_vote')
    expect((await call('POST', vote, { json: { option_id: 1 }, voterToken })).status).toBe(202)
    expect((await call('PUT', vote, { json: { option_id: 3 }, voterToken })).status).toBe(202)
    expect((await call('GET', vote, { voterToken })).body.vote).toMatchObject({ option_ids: [3] })
    expect((await call('DELETE', vote, { voterToken })).status).toBe(202)
    expect((await call('DELETE', vote)).body.code).toBe('unauthenticated')
  })

  test('are one voter whether they vote or their host brings the vote', async () => {
    const { id, path, vote } = await makePoll()
    const voted = await call('POST', vote, { json: { option_id: 2 }, voterToken: await tokenFor(id, 'ann') })
    expect(voted.status).toBe(202)
    const lines = ['ann', 'ben'].map((voter) => JSON.stringify({ voter, option_id: 1 })).join('\n')
    const brought = await fetch(`${system.url}${path}/votes/bulk`, {
      method: 'POST',
      headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/x-ndjson' },
      body: `${lines}\n`,
    })
    const answers = (await brought.text()).trim().split('\n')
    expect(answers.map((line) => JSON.parse(line).code ?? JSON.parse(line).status)).toEqual([
      'already_voted',
      'accepted',
    ])
  })

  test.each([
    ['the short way', 'application/json'],
    ['the long way', 'application/json; charset="utf-8"'],
  ])('have no vote without a token for this poll, on %s', async (_way, contentType) => {
    const { id, path, vote } = await makePoll()
    const another = await makePoll()
    const headers = { 'content-type': contentType }
    const json = { option_id: 1 }
    const session = await call('POST', '/session')
    expect((await call('POST', vote, { json, headers })).body.code).toBe('unauthenticated')
    expect((await call('POST', vote, { json, headers, cookie: cookieOf(session) })).body.code).toBe('unauthenticated')
    for (const voterToken of [session.body.voter_token, await tokenFor(another.id, 'ann'), 'x']) {
      const refused = await call('POST', vote, { json, headers, voterToken })
      expect([refused.status, refused.body.code]).toEqual([401, 'token_invalid'])
    }
    expect((await call('POST', vote, { json, headers, voterToken: await tokenFor(id, 'ann') })).status).toBe(202)
    await waitUntil(async () => (await call('GET', path)).body.total_votes === 1)
  })

  test('are nobody in a poll of sessions', async () => {
    const { id, vote } = await makePoll({ voter_identity: 'session' })
    const refused = await call('POST', vote, { json: { option_id: 1 }, voterToken: await tokenFor(id, 'ann') })
    expect(refused.body.code).toBe('token_invalid')
  })

  test('see the counts after their vote, over HTTP and with a ticket, which carries the voter and not the token', async () => {
    const { id, path, vote } = await makePoll({ results_visibility: 'after_vote' })
    const voterToken = await tokenFor(id, 'ann')
    const total = async (shown: object): Promise<unknown> => (await call('GET', path, shown)).body.total_votes
    expect(await total({ voterToken })).toBeNull()
    expect((await call('POST', vote, { json: { option_id: 1 }, voterToken })).status).toBe(202)
    await waitUntil(async () => (await total({ voterToken })) === 1)
    expect(await total({})).toBeNull()
    expect(await total({ voterToken: await tokenFor(id, 'ben') })).toBeNull()
    const issued = await call('POST', `${path}/ticket`, { voterToken })
    expect(issued.status).toBe(201)
    const viewer = connectViewer(`${system.url.replace('http', 'ws')}/ws${path}?ticket=${issued.body.ticket}`)
    try {
      expect((await viewer.sees(() => true)).total_votes).toBe(1)
    } finally {
      viewer.socket.close()
    }
    expect((await call('POST', `${path}/ticket`)).body.code).toBe('unauthenticated')
  })

  test('do all this as the OpenAPI document says', () => {
    expect(disagreements).toEqual([])
  })
})

describe('a host whose keys are behind a URL', () => {
  let system: RunningSystem
  let server: KeySetServer
  let key: HostKey

  beforeAll(async () => {
    key = await makeHostKey('EdDSA')
    server = await startKeySetServer(null)
    system = await startSystem('redis', { HOST_TOKEN_JWKS_URL: server.url, HOST_TOKEN_AUDIENCE: 'tallycast' })
  })
  afterAll(async () => {
    await system.stop()
    await server.stop()
  })

  test('and that is away makes its voters come back, and takes nothing from the others', async () => {
    const call = await createCheckedClient(system.url, [])
    const make = async (more: object): Promise<string> =>
      (await call('POST', '/polls', { json: { question: 'What?', options: ['A', 'B'], ...more } })).body.id
    const [ofHost, ofSessions] = [await make({ voter_identity: 'token' }), await make({})]
    const json = { option_id: 1 }
    const voterToken = await key.sign(claimsFor(ofHost))
    const refused = await call('POST', `/polls/${ofHost}/vote`, { json, voterToken })
    expect([refused.status, refused.body.code]).toEqual([503, 'unavailable'])
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    expect((await call('POST', `/polls/${ofSessions}/vote`, { json })).status).toBe(202)
    server.show([key.publicJwk])
    expect((await call('POST', `/polls/${ofHost}/vote`, { json, voterToken })).status).toBe(202)
  })
})
