import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { HttpClient } from '../support/http-client.ts'
import { createCheckedClient } from '../support/openapi-document.ts'
import { adminToken, type RunningSystem, startSystem } from '../support/running-system.ts'
import { waitUntil } from '../support/wait-until.ts'

let system: RunningSystem
let call: HttpClient
const disagreements: string[] = []

beforeAll(async () => {
  system = await startSystem('redis')
  call = await createCheckedClient(system.url, disagreements)
})
afterAll(async () => {
  await system.stop()
})

async function makePoll(more: object = {}) {
  const made = await call('POST', '/polls', {
    json: { question: 'Tea or coffee?', options: ['Tea', 'Coffee'], ...more },
  })
  expect(made.status).toBe(201)
  return { ...made.body, path: `/polls/${made.body.id}`, bearer: made.body.manage_token as string }
}

describe('a new poll', () => {
  test('has the defaults and a manage token, and is there to be read', async () => {
    const made = await call('POST', '/polls', {
      json: { question: 'Tea or coffee?', options: ['Tea', { text: 'Coffee' }] },
    })
    expect(made.status).toBe(201)
    const { manage_token: manageToken, ...poll } = made.body
    expect(manageToken).toMatch(/^.{32,}$/)
    expect(made.headers.get('location')).toBe(`/polls/${poll.id}`)
    expect(made.headers.get('cache-control')).toBe('no-store')
    expect(poll).toEqual({
      id: expect.stringMatching(/^[A-Za-z0-9_-]{12,}$/),
      join_code: expect.stringMatching(/^[2-9A-Z]{6}$/),
      question: 'Tea or coffee?',
      description: '',
      type: 'single',
      options: [
        { id: 1, text: 'Tea', position: 0, votes: 0 },
        { id: 2, text: 'Coffee', position: 1, votes: 0 },
      ],
      min_choices: 1,
      max_choices: 1,
      status: 'open',
      opens_at: null,
      closes_at: null,
      opened_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      closed_at: null,
      edited_at: null,
      results_visibility: 'always',
      voter_visibility: 'secret',
      voter_identity: 'session',
      allow_vote_change: false,
      round: 1,
      revision: 1,
      version: 1,
      total_votes: 0,
      results_final: false,
    })
    const read = await call('GET', `/polls/${poll.id}`)
    expect(read.status).toBe(200)
    expect(read.body).toEqual(poll)
    expect(read.text).not.toContain(manageToken)
  })

  test('takes times with any offset and gives them in UTC', async () => {
    const poll = await makePoll({ opens_at: '2100-01-01T01:30:00+01:30', closes_at: '2100-01-02T00:00:00Z' })
    expect(poll).toMatchObject({
      status: 'scheduled',
      opens_at: '2100-01-01T00:00:00.000Z',
      closes_at: '2100-01-02T00:00:00.000Z',
    })
  })

  test('takes every limit to its last character, and nothing beyond', async () => {
    const emoji = '😀'
    const most = {
      question: emoji.repeat(500),
      description: 'd'.repeat(5000),
      options: Array.from({ length: 100 }, (_, index) => emoji.repeat(196) + String(index).padStart(4, '0')),
      type: 'multiple',
      max_choices: 100,
    }
    expect((await call('POST', '/polls', { json: most })).status).toBe(201)
    const beyond: [object, string][] = [
      [{ question: emoji.repeat(501) }, '/question'],
      [{ question: '' }, '/question'],
      [{ description: 'd'.repeat(5001) }, '/description'],
      [{ options: ['one'] }, '/options'],
      [{ options: Array.from({ length: 101 }, (_, index) => `${index}`) }, '/options'],
      [{ options: ['Tea', 'x'.repeat(201)] }, '/options/1'],
      [{ options: ['Tea', { text: 'x'.repeat(201) }] }, '/options/1/text'],
      [{ options: ['Tea', ''] }, '/options/1'],
      [{ max_choices: 101 }, '/max_choices'],
      [{ min_choices: 0 }, '/min_choices'],
    ]
    for (const [wrong, pointer] of beyond) {
      const refused = await call('POST', '/polls', { json: { question: 'Q', options: ['a', 'b'], ...wrong } })
      expect([refused.status, refused.body.code, refused.body.errors?.[0]?.pointer]).toEqual([
        422,
        'invalid_body',
        pointer,
      ])
    }
  })

  test('is judged by its meaning too, with pointers', async () => {
    const wrong: [object, string][] = [
      [{ type: 'single', max_choices: 2 }, '/max_choices'],
      [{ type: 'multiple', min_choices: 2, max_choices: 1 }, '/min_choices'],
      [{ closes_at: '2001-01-01T00:00:00Z' }, '/closes_at'],
      [{ opens_at: '2100-02-30T25:61:00Z' }, '/opens_at'],
      [{ opens_at: 'tomorrow' }, '/opens_at'],
      [{ options: ['Tea', '   '] }, '/options/1'],
      [{ options: ['Tea', { text: '   ' }] }, '/options/1/text'],
    ]
    for (const [fields, pointer] of wrong) {
      const refused = await call('POST', '/polls', { json: { question: 'Q', options: ['a', 'b'], ...fields } })
      expect([refused.status, refused.body.code]).toEqual([422, 'invalid_body'])
      expect(refused.body.errors.map((error: { pointer: string }) => error.pointer)).toContain(pointer)
    }
  })
})

describe('the life of a poll', () => {
  test('goes from draft over open to closed, and back to a draft in a new round', async () => {
    const { path, bearer } = await makePoll({ draft: true, allow_vote_change: true })
    expect((await call('GET', path)).body.status).toBe('draft')
    const edited = await call('PATCH', path, {
      bearer,
      json: { question: 'Which?', options: [{ id: 2, text: 'Mocha' }, 'Cocoa'] },
    })
    expect(edited.status).toBe(200)
    expect(edited.body.options.map((option: { id: number; text: string }) => [option.id, option.text])).toEqual([
      [2, 'Mocha'],
      [3, 'Cocoa'],
    ])
    // An empty body with a content type, and none at all, are the same to a call that takes none.
    const opened = await call('POST', `${path}/open`, {
      bearer,
      raw: '',
      headers: { 'content-type': 'application/json' },
    })
    expect([opened.status, opened.body.status]).toEqual([200, 'open'])
    expect((await call('PATCH', path, { bearer, json: { options: ['one', 'too', 'many'] } })).body.code).toBe(
      'options_frozen',
    )

    expect((await call('POST', `${path}/vote`, { json: { option_id: 3 } })).status).toBe(202)
    const closed = await call('POST', `${path}/close`, { bearer })
    expect(closed.status).toBe(200)
    expect(['closing', 'closed']).toContain(closed.body.status)
    expect((await call('POST', `${path}/vote`, { json: { option_id: 3 } })).body.code).toBe('poll_closed')
    await waitUntil(async () => (await call('GET', path)).body.results_final)
    const final = (await call('GET', path)).body
    expect(final).toMatchObject({ status: 'closed', total_votes: 1, closed_at: expect.any(String) })

    expect((await call('POST', `${path}/open`, { bearer })).body.code).toBe('poll_final')

    const reset = await call('POST', `${path}/reset`, { bearer, json: {} })
    expect(reset.body).toMatchObject({ status: 'draft', round: 2, total_votes: 0, results_final: false })
    expect(reset.body.version).toBeGreaterThan(final.version)
    expect((await call('POST', `${path}/vote`, { json: { option_id: 3 } })).body.code).toBe('poll_not_open')
  })

  test('ends with its deletion, which leaves 404 everywhere', async () => {
    const { path, bearer } = await makePoll()
    const gone = await call('DELETE', path, { bearer })
    expect([gone.status, gone.text]).toEqual([204, ''])
    for (const [method, suffix] of [
      ['GET', ''],
      ['GET', '/results'],
      ['GET', '/vote'],
      ['POST', '/open'],
      ['DELETE', ''],
    ] as const) {
      expect((await call(method, path + suffix, { bearer })).body.code).toBe('poll_not_found')
    }
    expect((await call('POST', `${path}/vote`, { json: { option_id: 1 } })).body.code).toBe('poll_not_found')
  })

  test('belongs to its organiser and to the admin token', async () => {
    const { path } = await makePoll()
    const other = await makePoll()
    const steps: [string, string, object?][] = [
      ['PATCH', path, { question: 'Mine?' }],
      ['POST', `${path}/open`],
      ['POST', `${path}/close`],
      ['POST', `${path}/reset`],
      ['DELETE', path],
    ]
    for (const [method, url, json] of steps) {
      const asked = json === undefined ? {} : { json }
      const nobody = await call(method, url, asked)
      expect([nobody.status, nobody.body.code]).toEqual([401, 'unauthenticated'])
      expect(nobody.headers.get('www-authenticate')).toMatch(/^Bearer/)
      expect((await call(method, url, { ...asked, bearer: 'nonsense' })).body.code).toBe('token_invalid')
      expect((await call(method, url, { ...asked, bearer: other.bearer })).body.code).toBe('forbidden')
      expect((await call(method, url, { ...asked, headers: { authorization: 'Basic dGVhOnRlYQ==' } })).body.code).toBe(
        'token_invalid',
      )
    }
    for (const [method, url, json] of steps) {
      expect((await call(method, url, { ...(json && { json }), bearer: adminToken })).status).toBeLessThan(300)
    }
  })
})

describe('the list of polls', () => {
  test('is for the admin token, newest first, in pages', async () => {
    const made = [await makePoll(), await makePoll(), await makePoll()]
    expect((await call('GET', '/polls')).body.code).toBe('unauthenticated')
    expect((await call('GET', '/polls', { bearer: made[0]!.bearer })).body.code).toBe('forbidden')
    const first = await call('GET', '/polls?limit=2', { bearer: adminToken })
    expect(first.status).toBe(200)
    expect(first.body.polls.map((poll: { id: string }) => poll.id)).toEqual([made[2]!.id, made[1]!.id])
    const second = await call('GET', `/polls?limit=100&cursor=${encodeURIComponent(first.body.next_cursor)}`, {
      bearer: adminToken,
    })
    expect(second.body.polls[0].id).toBe(made[0]!.id)
    expect(second.body.next_cursor).toBeNull()
    for (const query of ['limit=0', 'limit=101', 'limit=x', 'cursor=', 'cursor=zzz', 'page=2']) {
      const refused = await call('GET', `/polls?${query}`, { bearer: adminToken })
      expect([query, refused.status]).toEqual([query, 422])
    }
  })
})

describe('reading a poll', () => {
  test('costs 304 while nothing has changed, for the poll as for its results', async () => {
    const { path } = await makePoll()
    for (const url of [path, `${path}/results`]) {
      const read = await call('GET', url)
      const etag = read.headers.get('etag') ?? ''
      expect(etag).toMatch(/^"[A-Za-z0-9_-]{22}"$/)
      expect(read.headers.get('cache-control')).toBe('public, max-age=1')
      for (const header of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
        const again = await call('GET', url, { headers: { 'if-none-match': header } })
        expect([again.status, again.text, again.headers.get('etag')]).toEqual([304, '', etag])
      }
      expect((await call('GET', url, { headers: { 'if-none-match': '"other"' } })).status).toBe(200)
      const head = await call('HEAD', url)
      expect([head.status, head.text, head.headers.get('etag')]).toEqual([200, '', etag])

      await call('POST', `${path}/vote`, { json: { option_id: 1 } })
      await waitUntil(async () => (await call('GET', url, { headers: { 'if-none-match': etag } })).status === 200)
    }
  })

  test('is answered alike on the short way and on the long one, which takes all that is not plain', async () => {
    const open = await makePoll()
    const hidden = await makePoll({ results_visibility: 'after_close' })
    const afterVote = await makePoll({ results_visibility: 'after_vote' })
    const voterToken = (await call('POST', `${afterVote.path}/vote`, { json: { option_id: 1 } })).body.voter_token
    await waitUntil(async () => (await call('GET', afterVote.path, { voterToken })).body.total_votes === 1)
    const { etag } = Object.fromEntries((await call('GET', open.path)).headers)
    const askAll = async (way: string): Promise<readonly unknown[]> => {
      const answers = []
      for (const form of ['', '/results']) {
        for (const { path } of [open, hidden, afterVote, { path: '/polls/unknown' }]) {
          answers.push(await call('GET', `${path}${form}${way}`))
        }
        answers.push(await call('GET', `${hidden.path}${form}${way}`, { bearer: hidden.bearer }))
        answers.push(await call('GET', `${hidden.path}${form}${way}`, { bearer: open.bearer }))
        answers.push(await call('GET', `${hidden.path}${form}${way}`, { headers: { authorization: 'Basic eDp5' } }))
        answers.push(await call('GET', `${afterVote.path}${form}${way}`, { voterToken }))
        answers.push(await call('GET', `${open.path}${form}${way}`, { headers: { 'if-none-match': String(etag) } }))
        answers.push(await call('GET', `${open.path}${form}${way}`, { headers: { 'x-request-id': 'mine' } }))
      }
      return answers.map(({ status, headers, text }) => {
        const { date, 'x-request-id': requestId, ...others } = Object.fromEntries(headers)
        expect(date).toBeDefined()
        const id = String(requestId)
        return { status, others, requestId: id.replaceAll(/^[0-9a-f-]{36}$/g, 'made'), text: text.replaceAll(id, 'id') }
      })
    }
    const short = await askAll('')
    expect(short.map((answer) => (answer as { readonly status: number }).status)).toEqual([
      200, 200, 200, 404, 200, 403, 401, 200, 304, 200, 200, 200, 200, 404, 200, 403, 401, 200, 200, 200,
    ])
    expect(short).toEqual(await askAll('?'))
  })

  test('gives the results alone', async () => {
    const { id, path } = await makePoll()
    await call('POST', `${path}/vote`, { json: { option_id: 2 } })
    await waitUntil(async () => (await call('GET', `${path}/results`)).body.total_votes === 1)
    expect((await call('GET', `${path}/results`)).body).toEqual({
      poll_id: id,
      status: 'open',
      as_of: expect.any(String),
      options: [
        { id: 1, votes: 0 },
        { id: 2, votes: 1 },
      ],
      round: 1,
      revision: 1,
      version: 2,
      total_votes: 1,
      results_final: false,
    })
  })

  test('refuses a bearer that does not fit instead of passing it over', async () => {
    const { path } = await makePoll()
    expect((await call('GET', path, { bearer: 'nonsense' })).body.code).toBe('token_invalid')
    expect((await call('GET', path, { bearer: (await makePoll()).bearer })).body.code).toBe('forbidden')
  })

  test('asks PostgreSQL nothing while it is warm', async () => {
    const { path } = await makePoll()
    await call('GET', path)
    const { pool } = system.database
    await pool.query('create extension if not exists pg_stat_statements')
    const countReads = async (): Promise<number> => {
      const { rows } = await pool.query<{ calls: string }>(
        `select coalesce(sum(calls), 0) as calls from pg_stat_statements
         where dbid = (select oid from pg_database where datname = current_database())
           and (query like '%from poll where id = $%' or query like '%where poll.id = any ($%')`,
      )
      return Number(rows[0]?.calls)
    }
    const before = await countReads()
    expect(before).toBeGreaterThan(0)
    const began = performance.now()
    for (let round = 0; round < 10; round += 1) {
      await Promise.all(Array.from({ length: 100 }, () => call('GET', path)))
    }
    // The worker and the schedule of this process read polls as well, a few times a second; journeys/reads.test.ts counts the api alone, and finds none.
    const seconds = (performance.now() - began) / 1000
    expect((await countReads()) - before).toBeLessThan(10 + 5 * seconds)
  })
})

describe('hidden results', () => {
  test.each(['after_vote', 'after_close', 'never'])(
    'with %s are null to the public, and nothing tells that somebody voted',
    async (visibility) => {
      const { path, bearer } = await makePoll({ results_visibility: visibility })
      const before = await call('GET', path)
      const resultsBefore = await call('GET', `${path}/results`)
      expect(before.body).toMatchObject({
        version: null,
        total_votes: null,
        options: [{ votes: null }, { votes: null }],
      })
      expect(resultsBefore.body).toMatchObject({
        version: null,
        total_votes: null,
        as_of: null,
        options: [{ votes: null }, { votes: null }],
      })
      expect(before.headers.get('cache-control')).toBe('private, no-store')
      expect(before.headers.get('vary')).toMatch(/authorization.*cookie.*voter-token/i)

      const voted = await call('POST', `${path}/vote`, { json: { option_id: 1 } })
      await waitUntil(async () => (await call('GET', path, { bearer })).body.total_votes === 1)
      const after = await call('GET', path)
      expect(after.body).toEqual(before.body)
      expect(after.headers.get('etag')).toBe(before.headers.get('etag'))
      expect((await call('GET', `${path}/results`)).text).toBe(resultsBefore.text)
      // The voter sees them where voting is what it takes.
      const asVoter = await call('GET', path, { voterToken: voted.body.voter_token })
      expect(asVoter.body.total_votes).toBe(visibility === 'after_vote' ? 1 : null)

      await call('POST', `${path}/close`, { bearer })
      await waitUntil(async () => (await call('GET', path, { bearer })).body.results_final)
      const final = await call('GET', path)
      expect(final.body.total_votes).toBe(visibility === 'never' ? null : 1)
      expect(final.headers.get('cache-control')).toBe(
        visibility === 'never' ? 'private, no-store' : 'public, max-age=1',
      )
    },
  )
})

test('all of this was answered as /openapi.json says, and nothing was logged as a fault', () => {
  expect(disagreements).toEqual([])
  expect(system.logged).toEqual([])
})
