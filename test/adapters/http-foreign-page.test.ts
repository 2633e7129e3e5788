import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Answer, cookieOf, type HttpClient } from '../support/http-client.ts'
import { readEvents } from '../support/event-reader.ts'
import { createCheckedClient } from '../support/openapi-document.ts'
import { type Profile, type RunningSystem, startSystem } from '../support/running-system.ts'
import { connectViewer } from '../support/viewer.ts'
import { waitUntil } from '../support/wait-until.ts'

const theShortWay = 'application/json'
const theLongWay = 'application/json;charset="utf-8"'

describe.each<Profile>(['redis', 'postgres'])(
  'what a page of another origin makes a browser send, on %s',
  (profile) => {
    let system: RunningSystem
    let call: HttpClient
    const disagreements: string[] = []
    /** How browsers say where a request comes from, for a page of another origin and for one of ours. */
    let foreign: readonly Record<string, string>[]
    let own: readonly Record<string, string>[]

    beforeAll(async () => {
      system = await startSystem(profile)
      call = await createCheckedClient(system.url, disagreements)
      foreign = [
        { 'sec-fetch-site': 'cross-site' },
        { 'sec-fetch-site': 'same-site' },
        { 'sec-fetch-site': 'cross-site', origin: system.url },
        { origin: 'https://elsewhere.example' },
        { origin: system.url.replace(/\d+$/, '1') },
        { origin: 'null' },
      ]
      own = [
        { 'sec-fetch-site': 'same-origin' },
        { 'sec-fetch-site': 'same-origin', origin: 'https://behind.a.proxy.example' },
        { 'sec-fetch-site': 'none' },
        { origin: system.url },
        {},
      ]
    })
    afterAll(async () => {
      await system.stop()
    })

    async function makePoll(more: object = {}) {
      const made = await call('POST', '/polls', { json: { question: 'What?', options: ['Tea', 'Coffee'], ...more } })
      const path = `/polls/${made.body.id}`
      return { path, vote: `${path}/vote` }
    }

    async function beginSession(): Promise<{ readonly token: string; readonly cookie: string }> {
      const begun = await call('POST', '/session')
      return { token: begun.body.voter_token, cookie: cookieOf(begun) }
    }

    const setsNoCookie = (answer: Answer): void => expect(answer.headers.getSetCookie()).toEqual([])

    test('votes with no cookie of its owner, but with a session that it gets in the body', async () => {
      for (const contentType of [theShortWay, theLongWay]) {
        const { path, vote } = await makePoll({ allow_vote_change: true })
        const { token, cookie } = await beginSession()
        const tokens: string[] = []
        for (const from of foreign) {
          const headers = { ...from, 'content-type': contentType }
          const voted = await call('POST', vote, { json: { option_id: 1 }, cookie, headers })
          expect([from, voted.status, voted.body.voter_token]).toEqual([from, 202, expect.any(String)])
          setsNoCookie(voted)
          const { voter_token: given } = voted.body
          tokens.push(given)
          // The token is shown by the page itself, so it speaks, the cookie beside it does not.
          const changed = await call('PUT', vote, { json: { option_id: 2 }, cookie, voterToken: given, headers })
          expect([from, changed.status, 'voter_token' in changed.body]).toEqual([from, 202, false])
          setsNoCookie(changed)
          expect((await call('GET', vote, { voterToken: given, headers: from })).body.vote.option_ids).toEqual([2])
        }
        expect(new Set([...tokens, token]).size).toBe(foreign.length + 1)
        expect((await call('GET', vote, { cookie })).body).toEqual({ vote: null })
        await waitUntil(async () => (await call('GET', path)).body.total_votes === foreign.length)
      }
    })

    test('neither changes, takes back nor reads the vote of its owner', async () => {
      const { vote } = await makePoll({ allow_vote_change: true })
      const { cookie } = await beginSession()
      const voted = await call('POST', vote, { json: { option_id: 1 }, cookie })
      const mine = { vote: { vote_id: voted.body.vote_id, round: 1, option_ids: [1], status: expect.any(String) } }
      for (const headers of foreign) {
        expect((await call('GET', vote, { cookie, headers })).body).toEqual({ vote: null })
        for (const [method, json] of [
          ['PUT', { json: { option_id: 2 } }],
          ['DELETE', {}],
        ] as const) {
          const answer = await call(method, vote, { ...json, cookie, headers })
          expect([headers, method, answer.body.code]).toEqual([headers, method, 'no_vote'])
          setsNoCookie(answer)
        }
        expect((await call('GET', vote, { cookie })).body).toEqual(mine)
      }
    })

    test('begins a session of its own, and does not replace the one of its owner', async () => {
      const { token, cookie } = await beginSession()
      for (const headers of foreign) {
        for (const shown of [{}, { cookie }]) {
          const begun = await call('POST', '/session', { ...shown, headers })
          expect([headers, begun.status, begun.body.voter_token]).toEqual([headers, 201, expect.any(String)])
          expect(begun.body.voter_token.slice(0, 24)).not.toBe(token.slice(0, 24))
          setsNoCookie(begun)
        }
        setsNoCookie(await call('POST', '/session', { voterToken: token, headers }))
      }
    })

    test('sees what the public sees, in every way, and what a token of its own opens', async () => {
      const { path, vote } = await makePoll({ results_visibility: 'after_vote' })
      const { token, cookie } = await beginSession()
      expect((await call('POST', vote, { json: { option_id: 1 }, cookie })).status).toBe(202)
      await waitUntil(async () => (await call('GET', path, { cookie })).body.total_votes === 1)
      const streamed = async (headers: Record<string, string>): Promise<number | null> => {
        const reader = await readEvents(`${system.url}${path}/events`, headers)
        const { message } = await reader.sees(() => true)
        reader.close()
        return message.total_votes
      }
      const shown = async (headers: Record<string, string>): Promise<number | null> => {
        const viewer = connectViewer(`${system.url.replace('http', 'ws')}/ws${path}`, headers)
        const { total_votes: total } = await viewer.sees(() => true)
        viewer.socket.close()
        return total
      }
      for (const [from, total] of [
        ...foreign.map((headers) => [headers, null] as const),
        ...own.map((headers) => [headers, 1] as const),
      ]) {
        const headers = { ...from, cookie }
        for (const url of [path, `${path}/results`])
          expect([url, from, (await call('GET', url, { headers })).body.total_votes]).toEqual([url, from, total])
        expect(['events', from, await streamed(headers)]).toEqual(['events', from, total])
        expect(['socket', from, await shown(headers)]).toEqual(['socket', from, total])
        const ticket = await call('POST', `${path}/ticket`, { headers })
        expect([from, ticket.status]).toEqual([from, total === null ? 401 : 201])
        expect((await call('GET', path, { headers: from, voterToken: token })).body.total_votes).toBe(1)
      }
    })

    test('is taken for its owner where it is a page of ours', async () => {
      const { vote } = await makePoll()
      const { token, cookie } = await beginSession()
      for (const contentType of [theShortWay, theLongWay]) {
        for (const from of own) {
          const headers = { ...from, 'content-type': contentType }
          const voted = await call('POST', vote, { json: { option_id: 1 }, cookie, headers })
          expect([from, voted.status, 'voter_token' in voted.body]).toEqual([from, 202, false])
          expect(cookieOf(await call('POST', '/session', { headers: from }))).toMatch(/^tallycast_session=./)
          const first = await call('POST', vote, { json: { option_id: 1 }, headers })
          expect(cookieOf(first)).toBe(`tallycast_session=${first.body.voter_token}`)
        }
      }
      expect((await call('GET', vote, { voterToken: token })).body.vote.option_ids).toEqual([1])
    })

    test('is answered as /openapi.json describes', () => {
      expect(disagreements).toEqual([])
    })
  },
)
