import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { HttpApp } from '../../src/adapters/http/operation.ts'
import { createHttpServer } from '../../src/adapters/http/server.ts'
import { refuseForNow } from '../../src/domain/refusal.ts'
import { createLog } from '../../src/runtime/log.ts'
import { createHttpClient, type HttpClient, type Say } from '../support/http-client.ts'
import { exchangeRaw, type RawAnswer } from '../support/raw-http.ts'
import { adminToken, type RunningSystem, startSystem } from '../support/running-system.ts'
import { waitUntil } from '../support/wait-until.ts'

let system: RunningSystem
let call: HttpClient
let path: string

beforeAll(async () => {
  system = await startSystem('redis')
  call = createHttpClient(system.url)
  path = `/polls/${(await makePoll()).id}`
})
afterAll(async () => {
  await system.stop()
})

async function makePoll(): Promise<{ readonly id: string; readonly manage_token: string }> {
  return (await call('POST', '/polls', { json: { question: 'What?', options: ['Tea', 'Coffee'] } })).body
}

const exposed = ['etag', 'location', 'retry-after', 'x-request-id', 'ratelimit', 'ratelimit-policy']

/** What any page may do with an answer, and what no browser does with it. */
function expectForAll(headers: { readonly get: (name: string) => string | null | undefined }, of: string): void {
  expect([of, headers.get('access-control-allow-origin')]).toEqual([of, '*'])
  expect([of, headers.get('access-control-allow-credentials') ?? null]).toEqual([of, null])
  expect([of, (headers.get('access-control-expose-headers') ?? '').toLowerCase().split(', ')]).toEqual([of, exposed])
  expect([of, headers.get('x-content-type-options')]).toEqual([of, 'nosniff'])
  expect([of, headers.get('x-powered-by') ?? null]).toEqual([of, null])
  expect([of, headers.get('x-request-id')]).toEqual([of, expect.stringMatching(/./)])
}

/** Asks as a page of another origin does, and sees that the page may read the answer. */
async function statusOf(method: string, url: string, say: Say = {}): Promise<number> {
  const answer = await call(method, url, { ...say, headers: { origin: 'https://elsewhere.example', ...say.headers } })
  expectForAll(answer.headers, `${method} ${url} ${answer.status}`)
  return answer.status
}

describe('any page may read what it is told', () => {
  test('of a vote, on the short way and on the long one, accepted or refused', async () => {
    const vote = `${path}/vote`
    const { voter_token: voterToken } = (await call('POST', '/session')).body
    for (const contentType of ['application/json', 'application/json;charset="utf-8"']) {
      const headers = { 'content-type': contentType }
      expect(await statusOf('POST', vote, { json: { option_id: 1 }, headers })).toBe(202)
      expect(await statusOf('POST', vote, { json: { option_id: 1 }, headers, voterToken })).toBe(202)
      expect(await statusOf('POST', vote, { json: { option_id: 2 }, headers, voterToken })).toBe(409)
      expect(await statusOf('PUT', vote, { json: { option_id: 2 }, headers, voterToken })).toBe(409)
      expect(await statusOf('POST', vote, { json: { option_id: 2 }, headers, voterToken: 'wrong' })).toBe(401)
      expect(await statusOf('POST', vote, { json: { option_id: 9 }, headers })).toBe(422)
      expect(await statusOf('POST', vote, { raw: '{', headers })).toBe(400)
    }
    expect(await statusOf('DELETE', vote, { voterToken })).toBe(409)
    expect(await statusOf('GET', vote, { voterToken })).toBe(200)
    const { vote_id: voteId } = (await call('POST', vote, { json: { option_id: 1 } })).body
    expect(await statusOf('GET', `/votes/${voteId}`)).toBe(200)
  })

  test('of a poll, on the short way and on the long one, also where nothing has changed', async () => {
    for (const url of [path, `${path}?by=the-long-way`, `${path}/results`]) {
      expect(await statusOf('GET', url)).toBe(200)
      expect(await statusOf('HEAD', url)).toBe(200)
      expect(await statusOf('GET', url, { headers: { 'if-none-match': '*' } })).toBe(304)
      expect(await statusOf('GET', url, { bearer: 'wrong' })).toBe(401)
    }
    expect(await statusOf('GET', '/polls/unknown')).toBe(404)
  })

  test('of what an organiser, a viewer and a host ask', async () => {
    const { id, manage_token: bearer } = await makePoll()
    expect(await statusOf('POST', '/polls', { json: { question: 'What?', options: ['Tea', 'Coffee'] } })).toBe(201)
    expect(await statusOf('PATCH', `/polls/${id}`, { json: { question: 'Which?' }, bearer })).toBe(200)
    expect(await statusOf('POST', '/session')).toBe(201)
    expect(await statusOf('POST', `/polls/${id}/ticket`, { bearer })).toBe(201)
    expect(await statusOf('POST', `/polls/${id}/ticket`)).toBe(401)
    expect(await statusOf('GET', `/polls/${id}/events`)).toBe(200)
    expect(await statusOf('GET', `/polls/${id}/events?ticket=wrong`)).toBe(401)
    const lines = { raw: '{"voter":"a","option_id":1}\n', headers: { 'content-type': 'application/x-ndjson' } }
    expect(await statusOf('POST', `/polls/${id}/votes/bulk`, { ...lines, bearer: adminToken })).toBe(200)
    expect(await statusOf('POST', `/polls/${id}/votes/bulk`, lines)).toBe(401)
    expect(await statusOf('POST', `/polls/${id}/close`, { bearer })).toBe(200)
    const read = async () => (await call('GET', `/polls/${id}`)).body
    await waitUntil(async () => (await read()).results_final)
    const final = (await read()).version
    expect(await statusOf('GET', `/polls/${id}/events`, { headers: { 'last-event-id': String(final) } })).toBe(204)
  })

  test('of addresses and methods that are not there, and of files', async () => {
    for (const url of ['/nothing', '/%zz', '/polls/%zz/vote']) expect(await statusOf('GET', url)).toBe(404)
    expect(await statusOf('PATCH', `${path}/vote`)).toBe(405)
    for (const url of ['/openapi.json', '/docs', '/docs/', '/health/live']) expect(await statusOf('GET', url)).toBe(200)
    const page = await call('GET', `/p/${path.slice('/polls/'.length)}`)
    expectForAll(page.headers, 'the page')
    const files = [...page.text.matchAll(/\/assets\/[^"]+/g)].map(([file]) => file)
    expect(files.length).toBeGreaterThan(2)
    for (const file of files) expect(await statusOf('GET', file)).toBe(200)
  })

  test('of what is no request, and of a handshake that cannot become a socket', async () => {
    const upgrade = 'Host: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n'
    for (const [status, bytes] of [
      [400, 'nonsense\r\n\r\n'],
      [400, 'GET / HTTP/1.1\r\n\r\n'],
      [417, 'GET / HTTP/1.1\r\nHost: x\r\nExpect: cake\r\n\r\n'],
      [431, `GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`],
      [404, `GET /ws/nothing HTTP/1.1\r\n${upgrade}\r\n`],
      [400, `GET /ws${path} HTTP/1.1\r\n${upgrade}Sec-WebSocket-Version: 1\r\n\r\n`],
    ] as const) {
      const { answers } = await exchangeRaw(system.url, bytes)
      const of = bytes.slice(0, 60)
      expect([of, answers[0]?.status]).toEqual([of, status])
      expectForAll(answers[0]?.headers ?? new Map(), of)
    }
  })

  test('of a vote that is refused before it is looked at, and of a fault', async () => {
    const app: HttpApp = await createHttpServer({
      log: createLog({ name: 'test', level: 'silent' }),
      version: '0',
      refuseVotesNow: () => refuseForNow('overloaded', 'Please try again.'),
      addRoutes: (routes) =>
        void routes.get('/fault', async () => {
          throw new Error('a fault')
        }),
    })
    await app.listen({ host: '127.0.0.1', port: 0 })
    try {
      // A server that listens on an address has one of this form.
      const askIt = createHttpClient(`http://127.0.0.1:${(app.server.address() as AddressInfo).port}`)
      for (const [status, answer] of [
        [503, await askIt('POST', `${path}/vote`, { json: { option_id: 1 } })],
        [500, await askIt('GET', '/fault')],
      ] as const) {
        expect(answer.status).toBe(status)
        expectForAll(answer.headers, String(status))
      }
    } finally {
      await app.close()
    }
  })
})

describe('a browser that asks whether a page of another origin may send something', () => {
  const ask = async (url: string, more = ''): Promise<RawAnswer | undefined> => {
    const wish = 'Access-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: content-type,voter-token\r\n'
    const head = `OPTIONS ${url} HTTP/1.1\r\nHost: x\r\nOrigin: https://elsewhere.example\r\n${wish}${more}\r\n`
    return (await exchangeRaw(system.url, head)).answers[0]
  }

  test('is told that it may, for a long time, at every address alike', async () => {
    for (const url of [
      '/polls',
      path,
      `${path}/vote`,
      `${path}/events`,
      '/session',
      '/polls/unknown/vote',
      '/nothing',
    ]) {
      const answer = await ask(url)
      expect([url, answer?.status, answer?.body]).toEqual([url, 204, ''])
      const told = (name: string): readonly string[] => (answer?.headers.get(name) ?? '').toLowerCase().split(', ')
      expect(told('access-control-allow-methods')).toEqual(['get', 'head', 'post', 'put', 'patch', 'delete'])
      expect(told('access-control-allow-headers')).toEqual([
        'authorization',
        'content-type',
        'voter-token',
        'idempotency-key',
        'if-none-match',
        'last-event-id',
        'x-request-id',
      ])
      expect(answer?.headers.get('access-control-max-age')).toBe('86400')
      expectForAll(answer?.headers ?? new Map(), url)
      expect(answer?.headers.has('set-cookie')).toBe(false)
    }
  })

  test('is answered in turn on a connection that is used on', async () => {
    const head = `OPTIONS ${path}/vote HTTP/1.1\r\nHost: x\r\nAccess-Control-Request-Method: POST\r\n\r\n`
    const { answers } = await exchangeRaw(system.url, `${head}GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n${head}`)
    expect(answers.map(({ status }) => status)).toEqual([204, 200, 204])
  })

  test('is no browser where it does not name a method: the address says which it takes', async () => {
    expect((await call('OPTIONS', `${path}/vote`)).status).toBe(405)
    expect((await call('OPTIONS', '/nothing')).status).toBe(404)
    expect((await call('OPTIONS', `${path}/vote`)).headers.get('allow')).toContain('POST')
  })
})

/** What says how an answer is carried, what it is and how long it keeps, in the words of HTTP itself. */
const plain =
  /^(?:accept-ranges|cache-control|connection|content-(?:disposition|encoding|length|type)|date|etag|keep-alive|last-modified|vary|www-authenticate)$/

const protectionsOf = (headers: Headers): readonly string[] =>
  [...headers.keys()].filter((name) => !plain.test(name)).toSorted()

const ofAll = ['access-control-allow-origin', 'access-control-expose-headers', 'x-content-type-options', 'x-request-id']
const ofPages = [
  'content-security-policy',
  'cross-origin-resource-policy',
  'referrer-policy',
  'x-dns-prefetch-control',
  'x-download-options',
  'x-frame-options',
  'x-permitted-cross-domain-policies',
  'x-xss-protection',
]
const ofSecurePages = ['cross-origin-opener-policy', 'origin-agent-cluster', 'strict-transport-security']

test('an answer of the API bears these headers and no others, whether it is a result or a problem', async () => {
  for (const url of [path, `${path}/results`, `${path}/export.json`, '/polls', '/nothing', '/openapi.json']) {
    const { headers } = await call('GET', url)
    expect([url, protectionsOf(headers)]).toEqual([url, ofAll])
  }
})

describe('a page', () => {
  const shown = [
    '/',
    '/p/nosuchpoll12',
    '/p/nosuchpoll12/present',
    '/p/nosuchpoll12/manage',
    '/j',
    '/j/7KMX4R',
    '/docs',
    '/docs/',
    '/docs/static/oauth2-redirect.html',
  ]
  const askAsBrowser = async (client: HttpClient, url: string) =>
    client('GET', url, { headers: { accept: 'text/html' } })

  test('loads what is ours alone, is framed by nobody, and tells no other site where it was', async () => {
    const page = `/p/${path.slice('/polls/'.length)}`
    for (const url of [...shown, page, `${page}/present`, `${page}/manage`]) {
      const { headers } = await askAsBrowser(call, url)
      expect([url, headers.get('content-type')]).toEqual([url, expect.stringContaining('text/html')])
      const policy = headers.get('content-security-policy') ?? ''
      for (const part of ["default-src 'none'", "script-src 'self'", "base-uri 'none'", "frame-ancestors 'none'"])
        expect([url, policy.split(';')]).toEqual([url, expect.arrayContaining([part])])
      expect([url, policy]).not.toEqual([url, expect.stringMatching(/script-src[^;]*unsafe|upgrade-insecure/)])
      expect(headers.get('referrer-policy')).toBe('same-origin')
      expect(headers.get('cross-origin-resource-policy')).toBe('same-origin')
      expect([url, protectionsOf(headers)]).toEqual([url, [...ofAll, ...ofPages].toSorted()])
      expectForAll(headers, url)
    }
  })

  const framing = async (client: HttpClient): Promise<readonly unknown[]> => {
    const { status, headers } = await askAsBrowser(client, '/p/nosuchpoll12/embed')
    const ancestors = /frame-ancestors ([^;]*)/.exec(headers.get('content-security-policy') ?? '')?.[1]
    return [status, ancestors, headers.get('x-frame-options'), headers.get('cross-origin-resource-policy')]
  }

  test('that is made for it is framed by any page, and bears all else that pages do', async () => {
    expect(await framing(call)).toEqual([404, '*', null, 'cross-origin'])
    const { headers } = await askAsBrowser(call, `/p/${path.slice('/polls/'.length)}/embed`)
    const inFrames = ofPages.filter((name) => name !== 'x-frame-options')
    expect(protectionsOf(headers)).toEqual([...ofAll, ...inFrames].toSorted())
    expect(headers.get('content-security-policy')).toContain("default-src 'none';script-src 'self'")
  })

  test('that is made for it is framed by those alone whom the service names', async () => {
    const chosen = await startSystem('postgres', { EMBED_ORIGINS: 'https://news.example, https://*.example.org' })
    try {
      const named = 'https://news.example https://*.example.org'
      expect(await framing(createHttpClient(chosen.url))).toEqual([404, named, null, 'cross-origin'])
    } finally {
      await chosen.stop()
    }
  })

  test('insists on https where the service is reached by https, and is framed by nobody where it says so', async () => {
    const secure = await startSystem('postgres', { PUBLIC_URL: 'https://polls.example', EMBED_ORIGINS: 'none' })
    try {
      const askIt = createHttpClient(secure.url)
      expect(await framing(askIt)).toEqual([404, "'none'", 'DENY', 'same-origin'])
      for (const url of shown) {
        const { headers } = await askAsBrowser(askIt, url)
        expect([url, headers.get('strict-transport-security')]).toEqual([url, 'max-age=31536000'])
        expect(headers.get('content-security-policy')).toMatch(/;upgrade-insecure-requests$/)
        expect(headers.get('cross-origin-opener-policy')).toBe('same-origin')
        expect(headers.get('origin-agent-cluster')).toBe('?1')
        expect([url, protectionsOf(headers)]).toEqual([url, [...ofAll, ...ofPages, ...ofSecurePages].toSorted()])
      }
    } finally {
      await secure.stop()
    }
  })
})
