import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Scope } from '../../src/domain/api-key.ts'
import { connectAdminClient } from '../support/admin-client.ts'
import { granted } from '../support/admin-side.ts'
import { issueKey } from '../support/issue-key.ts'
import type { HttpClient } from '../support/http-client.ts'
import { createCheckedClient } from '../support/openapi-document.ts'
import { adminToken, type RunningSystem, startSystem } from '../support/running-system.ts'

let system: RunningSystem
let call: HttpClient
const disagreements: string[] = []

beforeAll(async () => {
  system = await startSystem('redis')
  call = await createCheckedClient(system.url, disagreements)
})
afterAll(() => system.stop())

const issue = async (...scopes: readonly Scope[]) => issueKey(system.adapters.keys, scopes)
const bearerOf = async (...scopes: readonly Scope[]) => (await issue(...scopes)).secret

async function makePoll(bearer?: string, more: object = {}) {
  const made = await call('POST', '/polls', {
    json: { question: 'Tea?', options: ['Yes', 'No'], ...more },
    ...(bearer !== undefined && { bearer }),
  })
  expect(made.status).toBe(201)
  return { id: made.body.id as string, path: `/polls/${made.body.id}`, manageToken: made.body.manage_token as string }
}

/** Every change of a poll over HTTP, in an order in which each can be done. */
const changes = [
  ['PATCH', '', { question: 'Coffee?' }],
  ['POST', '/open', undefined],
  ['POST', '/close', undefined],
  ['POST', '/reset', undefined],
  ['DELETE', '', undefined],
] as const
const change = async (bearer: string, path: string, [method, step, json]: (typeof changes)[number]) =>
  call(method, `${path}${step}`, { bearer, ...(json !== undefined && { json }) })
/** What all of them answered, told once where it is the same. */
async function changeAll(bearer: string, path: string): Promise<readonly string[]> {
  const answers = new Set<string>()
  for (const each of changes) {
    const { status, body } = await change(bearer, path, each)
    answers.add(status < 300 ? 'done' : `${status} ${body.code}`)
  }
  return [...answers]
}
const votes = (bearer: string, path: string) =>
  call('POST', `${path}/votes/bulk`, {
    raw: '{"voter":"u1","option_id":1}\n',
    headers: { 'content-type': 'application/x-ndjson' },
    bearer,
  })

describe('a key of the scope polls:write', () => {
  test('creates polls and manages those: edits, opens, closes, resets, deletes, as does their manage token', async () => {
    const key = await bearerOf('polls:write')
    expect(await changeAll(key, (await makePoll(key, { draft: true })).path)).toEqual(['done'])
    const poll = await makePoll(key, { draft: true })
    expect(await changeAll(poll.manageToken, poll.path)).toEqual(['done'])
  })

  test('cannot do anything with polls of others, and does not learn that they are there', async () => {
    const key = await bearerOf('polls:write')
    const others = [await makePoll(), await makePoll(await bearerOf('polls:write')), await makePoll(adminToken)]
    for (const { path, manageToken } of others) {
      expect(await changeAll(key, path)).toEqual(['404 poll_not_found'])
      const answers = [await call('PATCH', path, { bearer: key, json: { question: 'x' } })]
      answers.push(await call('PATCH', '/polls/nosuchpoll', { bearer: key, json: { question: 'x' } }))
      expect(answers[0]?.body.detail).toBe(answers[1]?.body.detail)
      for (const read of [path, `${path}/results`, `${path}/events`]) {
        expect((await call('GET', read, { bearer: key })).body?.code).toBe('poll_not_found')
      }
      expect((await call('POST', `${path}/ticket`, { bearer: key })).body.code).toBe('poll_not_found')
      // They are as they were.
      expect((await call('POST', `${path}/close`, { bearer: manageToken })).status).toBe(200)
    }
  })

  test('sees hidden results of its own polls alone, and they are kept out of shared caches', async () => {
    const key = await bearerOf('polls:write')
    const { path } = await makePoll(key, { results_visibility: 'never' })
    expect((await call('GET', path)).body).toMatchObject({ total_votes: null, version: null })
    for (const _ of ['looked up', 'known']) {
      const seen = await call('GET', path, { bearer: key })
      expect(seen.body).toMatchObject({ total_votes: 0, version: 1 })
      expect(seen.headers.get('cache-control')).toBe('private, no-store')
    }
  })
})

describe('a key of another scope', () => {
  test('is let in nowhere but where its scope is asked for', async () => {
    const [reads, counts, writes] = [
      await bearerOf('polls:read'),
      await bearerOf('votes:write'),
      await bearerOf('polls:write'),
    ]
    const { path } = await makePoll()
    for (const key of [reads, counts]) {
      expect(await changeAll(key, path)).toEqual(['403 forbidden'])
      // Also where there is none: who lacks the scope learns nothing of polls.
      expect(await changeAll(key, '/polls/nosuchpoll')).toEqual(['403 forbidden'])
      const made = await call('POST', '/polls', { json: { question: 'Q', options: ['a', 'b'] }, bearer: key })
      expect([made.status, made.body.code]).toEqual([403, 'forbidden'])
    }
    for (const key of [reads, writes]) expect((await votes(key, path)).body.code).toBe('forbidden')
    expect((await call('GET', path, { bearer: counts })).body.code).toBe('forbidden')
    expect((await call('GET', '/polls', { bearer: counts })).body.code).toBe('forbidden')
    expect((await votes(counts, path)).text).toContain('accepted')
  })

  test('polls:read sees as an organiser what the key created, and changes nothing', async () => {
    const { key, secret } = await issue('polls:read')
    const { id, path } = await makePoll(adminToken, { results_visibility: 'never', draft: true })
    await system.database.pool.query('update poll set created_by_key = $2 where id = $1', [id, key.prefix])
    expect((await call('PATCH', path, { bearer: adminToken, json: { question: 'Hers?' } })).status).toBe(200)
    expect((await call('GET', `${path}/results`, { bearer: secret })).body).toMatchObject({ total_votes: 0 })
    expect(await changeAll(secret, path)).toEqual(['403 forbidden'])
  })

  test('admin sees and manages every poll, and brings votes', async () => {
    const key = await bearerOf('admin')
    const { path } = await makePoll(await bearerOf('polls:write'), { results_visibility: 'never' })
    expect((await call('GET', path, { bearer: key })).body.total_votes).toBe(0)
    expect((await votes(key, path)).text).toContain('accepted')
    expect(await changeAll(key, (await makePoll(undefined, { draft: true })).path)).toEqual(['done'])
  })
})

describe('the list of polls', () => {
  test('holds those that the key created, newest first, in pages; with admin all', async () => {
    const key = await bearerOf('polls:write')
    expect((await call('GET', '/polls', { bearer: key })).body).toEqual({ polls: [], next_cursor: null })
    const own: string[] = []
    for (let n = 0; n < 3; n += 1) {
      own.unshift((await makePoll(key)).id)
      await makePoll()
    }
    const idsOf = (body: { polls: { id: string }[] }): string[] => body.polls.map(({ id }) => id)
    const first = await call('GET', '/polls?limit=2', { bearer: key })
    const second = await call('GET', `/polls?limit=2&cursor=${first.body.next_cursor}`, { bearer: key })
    expect([...idsOf(first.body), ...idsOf(second.body)]).toEqual(own)
    expect(second.body.next_cursor).toBeNull()
    const all = await call('GET', '/polls?limit=6', { bearer: await bearerOf('admin') })
    expect(idsOf(all.body)).toHaveLength(6)
    // A cursor is a place, no key: with it another key sees its own polls alone.
    const other = await call('GET', `/polls?cursor=${first.body.next_cursor}`, { bearer: await bearerOf('polls:read') })
    expect(other.body.polls).toEqual([])
  })
})

describe('a key that has ended', () => {
  test('is refused everywhere: revoked or expired, made up, or with the secret of another', async () => {
    const [revoked, expired, good] = [await issue('admin'), await issue('admin'), await issue('admin')]
    const { path } = await makePoll(revoked.secret)
    await system.adapters.keys.revoke(revoked.key.prefix)
    await system.database.pool.query("update api_key set expires_at = '2026-01-01' where prefix = $1", [
      expired.key.prefix,
    ])
    const swapped = `tck_${good.key.prefix}_${expired.secret.slice(-43)}`
    for (const bearer of [revoked.secret, expired.secret, swapped, `tck_0000000000_${good.secret.slice(-43)}`]) {
      expect(await changeAll(bearer, path)).toEqual(['401 token_invalid'])
      for (const answer of [
        await call('GET', path, { bearer }),
        await call('GET', '/polls', { bearer }),
        await call('POST', '/polls', { bearer, json: { question: 'Q', options: ['a', 'b'] } }),
        await votes(bearer, path),
      ]) {
        expect([answer.status, answer.body.code]).toEqual([401, 'token_invalid'])
      }
    }
  })
})

test('over gRPC a key that does not own a poll sees what everybody sees, and manages nothing', async () => {
  const own = await bearerOf('polls:write')
  const { id } = await makePoll(own, { results_visibility: 'never' })
  const seenBy = async (token: string) => {
    const client = connectAdminClient(system.grpcAddress, token)
    try {
      const poll = granted(await client.getPoll(id))
      return { totalVotes: poll.totalVotes, closed: await client.closePoll(id), listed: await client.listPolls({}) }
    } finally {
      client.close()
    }
  }
  const other = await seenBy(await bearerOf('polls:write'))
  expect(other).toMatchObject({ totalVotes: undefined, closed: { refused: 'poll_not_found' }, listed: { polls: [] } })
  expect(await seenBy(await bearerOf('votes:write'))).toMatchObject({
    totalVotes: undefined,
    closed: { refused: 'forbidden' },
    listed: { refused: 'forbidden' },
  })
  expect(await seenBy(own)).toMatchObject({
    totalVotes: 0,
    closed: { pollId: id },
    listed: { polls: [{ pollId: id }] },
  })
})

test('every answer was one that /openapi.json describes', () => {
  expect(disagreements).toEqual([])
})
