import { once } from 'node:events'
import { type IncomingMessage, request as sendRequest } from 'node:http'
import { connect } from 'node:net'
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Answer, HttpClient } from '../support/http-client.ts'
import { createCheckedClient } from '../support/openapi-document.ts'
import { type RunningSystem, startSystem } from '../support/running-system.ts'
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts'
import { waitUntil } from '../support/wait-until.ts'

let system: RunningSystem
let call: HttpClient
let path: string
let vote: string
const disagreements: string[] = []

beforeAll(async () => {
  system = await startSystem('postgres')
  call = await createCheckedClient(system.url, disagreements)
  const made = await call('POST', '/polls', { json: { question: 'Q', options: ['a', 'b'] } })
  path = `/polls/${made.body.id}`
  vote = `${path}/vote`
})
afterEach(async () => {
  await expectCalm()
})
afterAll(async () => {
  await system.stop()
})

/** Nothing contradicted the description, nothing was logged as a fault, and what is there still works. */
async function expectCalm(): Promise<void> {
  expect([...disagreements.splice(0), ...system.logged.splice(0)]).toEqual([])
  expect((await call('GET', path)).status).toBe(200)
}

/** Status and code of a problem; throws where it has not the form of all problems. */
function problemOf({ status, headers, body }: Answer): [status: number, code: string] {
  const type = headers.get('content-type') ?? ''
  const { code } = body ?? {}
  const isInForm =
    type.startsWith('application/problem+json') &&
    headers.get('cache-control') === 'no-store' &&
    body.type === `/problems/${code}` &&
    body.status === status &&
    body.request_id === headers.get('x-request-id') &&
    [body.title, body.detail].every((text) => typeof text === 'string' && text.length > 3)
  if (!isInForm) throw new Error(`no problem in the form of all problems: ${status} ${type} ${JSON.stringify(body)}`)
  return [status, code]
}

const json = { 'content-type': 'application/json' }

describe('an address', () => {
  test.each([
    '/',
    '/nothing',
    '/polls/a/b',
    '/polls/a/vote/c',
    '/Polls',
    '/polls/%zz',
    `/polls/${'x'.repeat(400)}`,
    '//',
    '/p%00',
    '/__proto__',
    '/polls/a/__proto__',
    '/docs/static//index.css',
    '/docs/static/nothing.css',
    '/docs/static/a%2f..%2findex.css',
    `/docs/static/${'x'.repeat(400)}`,
  ])('%s is not found', async (address) => {
    expect(problemOf(await call('GET', address))).toEqual([404, 'route_not_found'])
  })

  test('with an id that no poll can have is no poll', async () => {
    for (const id of [
      'x',
      '%00',
      '..%2f..',
      '__proto__',
      'constructor',
      'a b',
      'ä',
      'x'.repeat(65),
      "'; drop table poll; --",
    ]) {
      const url = `/polls/${encodeURIComponent(id)}`
      expect(problemOf(await call('GET', url))).toEqual([404, 'poll_not_found'])
      expect(problemOf(await call('POST', `${url}/vote`, { json: { option_id: 1 } }))).toEqual([404, 'poll_not_found'])
    }
  })

  test.each([
    ['PUT', () => path, 'DELETE, GET, HEAD, PATCH'],
    ['POST', () => path, 'DELETE, GET, HEAD, PATCH'],
    ['GET', () => '/session', 'POST'],
    ['PATCH', () => vote, 'DELETE, GET, HEAD, POST, PUT'],
    ['GET', () => `${path}/open`, 'POST'],
    ['OPTIONS', () => '/polls', 'GET, HEAD, POST'],
    ['DELETE', () => '/health/live', 'GET, HEAD'],
    ['PROPFIND', () => '/polls', 'GET, HEAD, POST'],
  ])('does not take %s, and says what it takes', async (method, address, allowed) => {
    const answer = await call(method, address())
    expect(problemOf(answer)).toEqual([405, 'method_not_allowed'])
    expect(answer.headers.get('allow')).toBe(allowed)
  })

  test('that is not there is refused before its body is read', async () => {
    expect(
      problemOf(
        await call('POST', '/nothing', { raw: 'x'.repeat(1_000_000), headers: { 'content-type': 'text/xml' } }),
      ),
    ).toEqual([404, 'route_not_found'])
    expect(problemOf(await call('PUT', path, { raw: '{', headers: json }))).toEqual([405, 'method_not_allowed'])
  })

  test('that can be read can be asked for its head', async () => {
    for (const address of [
      path,
      `${path}/results`,
      `${path}/export.csv`,
      `${path}/export.json`,
      vote,
      '/health/live',
      '/health/ready',
      '/openapi.json',
    ]) {
      const answer = await call('HEAD', address)
      expect([answer.status, answer.text]).toEqual([200, ''])
    }
  })
})

describe('a body', () => {
  test('that is not JSON is refused', async () => {
    const broken = [
      '{',
      'null,',
      "{'question':1}",
      '{"a":1}}',
      '{"a":01}',
      'NaN',
      '\uFEFF{}x',
      new Uint8Array([0x7b, 0xff, 0x7d]),
    ]
    for (const raw of broken) {
      for (const address of ['/polls', vote]) {
        expect(problemOf(await call('POST', address, { raw: raw as string, headers: json }))).toEqual([
          400,
          'invalid_json',
        ])
      }
    }
    expect(problemOf(await call('POST', `${path}/open`, { raw: '{', headers: json }))).toEqual([400, 'invalid_json'])
  })

  test('that is not an object is refused', async () => {
    for (const raw of ['null', '[]', '1', '"text"', 'true', '', '[[[[]]]]']) {
      for (const address of ['/polls', vote]) {
        const answer = await call('POST', address, { raw, headers: json })
        expect(problemOf(answer)).toEqual([422, 'invalid_body'])
        expect(answer.body.errors).toEqual([{ pointer: '', detail: expect.any(String) }])
      }
    }
    expect(problemOf(await call('POST', '/polls'))).toEqual([422, 'invalid_body'])
  })

  test('of another content type is refused', async () => {
    for (const type of [
      'text/plain',
      'application/xml',
      'multipart/form-data; boundary=x',
      'application/octet-stream',
      'nonsense',
      'application/jsonx',
    ]) {
      for (const address of ['/polls', `${path}/open`, '/session']) {
        expect(
          problemOf(await call('POST', address, { raw: '{"question":"Q"}', headers: { 'content-type': type } })),
        ).toEqual([415, 'unsupported_media_type'])
      }
    }
    const withoutType = await rawRequest('POST', '/polls', {}, '{"question":"Q","options":["a","b"]}')
    expect(withoutType.status).toBe(415)
    expect(
      (
        await call('POST', vote, {
          raw: '{"option_id":1}',
          headers: { 'content-type': 'application/json; charset=utf-8' },
        })
      ).status,
    ).toBe(202)
  })

  test('is taken up to its limit and refused beyond', async () => {
    const poll = { question: 'Q', options: ['a', 'b'] }
    const padded = (size: number, base: object): string => {
      const text = JSON.stringify(base)
      return text + ' '.repeat(size - text.length)
    }
    const limits: [string, object, number, number][] = [
      ['/polls', poll, 128 * 1024, 201],
      [vote, { option_id: 1 }, 4 * 1024, 202],
    ]
    for (const [address, base, limit, good] of limits) {
      expect((await call('POST', address, { raw: padded(limit, base), headers: json })).status).toBe(good)
      const answer = await call('POST', address, { raw: padded(limit + 1, base), headers: json })
      expect(problemOf(answer)).toEqual([413, 'too_large'])
      expect(answer.body.detail).toContain(String(limit))
    }
    expect(problemOf(await call('POST', vote, { raw: 'x'.repeat(5_000_000), headers: json }))).toEqual([
      413,
      'too_large',
    ])
  })

  test('with unknown fields is refused, each of them named', async () => {
    const unknown = await call('POST', '/polls', {
      json: { question: 'Q', options: ['a', { text: 'b', votes: 9 }], status: 'closed', id: 'mine' },
    })
    expect(problemOf(unknown)).toEqual([422, 'invalid_body'])
    expect(unknown.body.errors.map((error: { pointer: string }) => error.pointer).toSorted()).toEqual([
      '/id',
      '/options/1/votes',
      '/status',
    ])
    const manage = JSON.parse('{"question":"Q"}')
    expect(problemOf(await call('PATCH', path, { json: { ...manage, draft: true } }))).toEqual([422, 'invalid_body'])
    expect(problemOf(await call('POST', `${path}/close`, { json: { force: true } }))).toEqual([422, 'invalid_body'])
    expect(problemOf(await call('POST', '/session', { json: { id: 1 } }))).toEqual([422, 'invalid_body'])
  })

  test('cannot reach the prototype of anything', async () => {
    for (const raw of [
      '{"__proto__":{"option_id":1}}',
      '{"constructor":{"prototype":{"x":1}},"option_id":1}',
      '{"option_id":1,"__proto__":null}',
    ]) {
      expect(problemOf(await call('POST', vote, { raw, headers: json }))).toEqual([422, 'invalid_body'])
    }
    expect(({} as { option_id?: unknown }).option_id).toBeUndefined()
  })

  test('of another type is neither bent nor emptied', async () => {
    const wrong: [object, string][] = [
      [{ question: 7 }, '/question'],
      [{ question: null }, '/question'],
      [{ question: 'nul\u0000' }, '/question'],
      [{ question: 'half \ud800' }, '/question'],
      [{ options: 'ab' }, '/options'],
      [{ options: ['a', 2] }, '/options/1'],
      [{ options: ['a', {}] }, '/options/1/text'],
      [{ options: ['a', { text: 'b', id: 1 }] }, '/options/1/id'],
      [{ type: 'rating' }, '/type'],
      [{ max_choices: '1' }, '/max_choices'],
      [{ allow_vote_change: 'true' }, '/allow_vote_change'],
      [{ draft: 1 }, '/draft'],
      [{ opens_at: 1_900_000_000 }, '/opens_at'],
      [{ closes_at: '2100-01-01 12:00' }, '/closes_at'],
      [{ results_visibility: 'sometimes' }, '/results_visibility'],
    ]
    for (const [fields, pointer] of wrong) {
      const answer = await call('POST', '/polls', { json: { question: 'Q', options: ['a', 'b'], ...fields } })
      expect(problemOf(answer)).toEqual([422, 'invalid_body'])
      expect(answer.body.errors.map((error: { pointer: string }) => error.pointer)).toEqual([pointer])
    }
    const many = await call('POST', '/polls', { json: { options: Array(5000).fill(1) } })
    expect(many.body.errors.length).toBeLessThanOrEqual(20)
  })

  test('of any kind never makes a fault', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.json({ maxDepth: 4 }),
        fc.constantFrom('/polls', vote, `${path}/open`, '/session'),
        async (raw, address) => {
          const answer = await call('POST', address, { raw, headers: json })
          expect(answer.status).toBeLessThan(500)
        },
      ),
      { numRuns: 150 },
    )
  })
})

describe('a request', () => {
  test('keeps its id where that is a sane one, and gets one otherwise', async () => {
    const kept = await call('GET', '/nothing', { headers: { 'x-request-id': 'req-7/a_b:c' } })
    expect([kept.headers.get('x-request-id'), kept.body.request_id]).toEqual(['req-7/a_b:c', 'req-7/a_b:c'])
    for (const id of ['x'.repeat(129), 'a b', '"quoted"', '<b>']) {
      const made = await call('GET', path, { headers: { 'x-request-id': id } })
      expect(made.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
    }
  })

  test('that never ends does not keep its connection', { timeout: 30_000 }, async () => {
    const socket = connect(Number(new URL(system.url).port), '127.0.0.1')
    socket.on('error', () => undefined)
    socket.resume().write('POST /polls HTTP/1.1\r\nHost: x\r\n')
    const began = performance.now()
    await once(socket, 'close')
    expect(performance.now() - began).toBeLessThan(10_000)
  })

  test('that is not HTTP ends its connection and nothing else', async () => {
    for (const bytes of [
      'nonsense\r\n\r\n',
      'GET / HTTP/9.9\r\n\r\n',
      `GET / HTTP/1.1\r\nHost: x\r\nx: ${'y'.repeat(40_000)}\r\n\r\n`,
    ]) {
      const socket = connect(Number(new URL(system.url).port), '127.0.0.1')
      socket.on('error', () => undefined)
      socket.resume().write(bytes)
      await once(socket, 'close')
      expect(socket.destroyed).toBe(true)
    }
  })

  test('with ten thousand cookies is answered', async () => {
    const cookie = Array.from({ length: 700 }, (_, index) => `c${index}=${index}`).join('; ')
    expect((await call('GET', vote, { cookie: `${cookie}; tallycast_session=%zz` })).status).toBe(200)
  })
})

test('a lost database is 503 with a time to come back, and no more than that', async () => {
  let proxy: TcpProxy | null = null
  let database = new URL('tcp://127.0.0.1')
  const lost = await startSystem('postgres', {}, async (databaseUrl) => {
    database = new URL(databaseUrl)
    proxy = await startTcpProxy(database.hostname, Number(database.port))
    const reached = new URL(databaseUrl)
    reached.host = `127.0.0.1:${proxy.port}`
    return reached.href
  })
  const { port } = proxy!
  const disagree: string[] = []
  const callLost = await createCheckedClient(lost.url, disagree)
  try {
    const made = await callLost('POST', '/polls', { json: { question: 'Q', options: ['a', 'b'] } })
    const voted = `/polls/${made.body.id}/vote`
    expect((await callLost('POST', voted, { json: { option_id: 1 } })).status).toBe(202)
    const ofCodes = { question: 'Q', options: ['a', 'b'], voter_identity: 'code' }
    const { id: codePollId, manage_token: bearer } = (await callLost('POST', '/polls', { json: ofCodes })).body
    const makeCodes = async () => callLost('POST', `/polls/${codePollId}/codes`, { json: { count: 1 }, bearer })
    const [code] = (await makeCodes()).body.codes
    await proxy!.stop()

    await waitUntil(async () => (await callLost('POST', voted, { json: { option_id: 1 } })).status === 503)
    for (const answer of [
      await callLost('POST', voted, { json: { option_id: 1 } }),
      await callLost('GET', '/polls/unknownpoll234'),
      await makeCodes(),
      await callLost('POST', `/polls/${codePollId}/vote`, { json: { option_id: 1 }, voterToken: code }),
    ]) {
      expect(problemOf(answer)).toEqual([503, 'unavailable'])
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
      expect(answer.text).not.toMatch(/terminat|connect ECONN|postgres:|stack/i)
    }
    // Nobody has to be asked about a code that somebody made up.
    const madeUp = { json: { option_id: 1 }, voterToken: '7Q2M-0X9K-4D1H-TS6A' }
    expect(problemOf(await callLost('POST', `/polls/${codePollId}/vote`, madeUp))).toEqual([401, 'token_invalid'])
    // What is warm is still shown, and the process does not call itself unready.
    expect((await callLost('GET', `/polls/${made.body.id}`)).status).toBe(200)
    expect((await callLost('GET', '/health/ready')).status).toBe(200)

    proxy = await startTcpProxy(database.hostname, Number(database.port), port)
    await waitUntil(async () => (await callLost('POST', voted, { json: { option_id: 1 } })).status === 202)
    expect(disagree).toEqual([])
  } finally {
    await lost.stop()
    await proxy?.stop()
  }
})

/** For what `fetch` would mend. */
async function rawRequest(method: string, address: string, headers: Record<string, string>, body: string) {
  const request = sendRequest(`${system.url}${address}`, { method, headers })
  request.end(body)
  // `response` is emitted with the answer, as Node documents.
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  response.resume()
  return { status: response.statusCode }
}
