import { afterAll, beforeAll, expect, test } from 'vitest'
import { type AdminClient, connectAdminClient } from '../support/admin-client.ts'
import { granted } from '../support/admin-side.ts'
import type { HttpClient } from '../support/http-client.ts'
import { issueKey } from '../support/issue-key.ts'
import { createCheckedClient } from '../support/openapi-document.ts'
import { adminToken, type RunningSystem, startSystem } from '../support/running-system.ts'
import { waitUntil } from '../support/wait-until.ts'

let system: RunningSystem
let call: HttpClient
let operator: AdminClient
const disagreements: string[] = []

beforeAll(async () => {
  system = await startSystem('postgres')
  call = await createCheckedClient(system.url, disagreements)
  operator = connectAdminClient(system.grpcAddress, adminToken)
})
afterAll(async () => {
  operator.close()
  await system.stop()
})

type Event = Readonly<Record<string, string | null>>
const audit = async (query = 'limit=100'): Promise<readonly Event[]> => {
  const answer = await call('GET', `/audit?${query}`, { bearer: adminToken })
  expect(answer.status).toBe(200)
  return answer.body.events
}
const of = async (pollId: string): Promise<readonly Event[]> =>
  (await audit()).filter(({ poll_id }) => poll_id === pollId).toReversed()

async function makePoll(bearer: string | null, more: object = {}): Promise<{ id: string; manageToken: string }> {
  const json = { question: 'A question that nobody tells', options: ['Yes', 'No'], ...more }
  const { body } = await call('POST', '/polls', { json, ...(bearer !== null && { bearer }) })
  return { id: body.id, manageToken: body.manage_token }
}

test('each action of an organiser is told: who, what, which poll, when, from where, in which request', async () => {
  const { key, secret } = await issueKey(system.adapters.keys, ['polls:write'])
  const { id, manageToken } = await makePoll(secret, { draft: true })
  const steps = [
    ['PATCH', '', manageToken, 'poll_edited', 'manage_token'],
    ['POST', '/open', secret, 'poll_opened', 'api_key'],
    ['POST', '/close', adminToken, 'poll_closed', 'admin_token'],
    ['POST', '/reset', secret, 'poll_reset', 'api_key'],
    ['DELETE', '', manageToken, 'poll_deleted', 'manage_token'],
  ] as const
  const requestIds: string[] = []
  for (const [method, step, bearer] of steps) {
    const json = method === 'PATCH' ? { question: 'Another one that nobody tells' } : undefined
    const answer = await call(method, `/polls/${id}${step}`, { bearer, ...(json && { json }) })
    expect(answer.status).toBeLessThan(300)
    requestIds.push(answer.headers.get('x-request-id') ?? '')
  }
  const [created, ...told] = await of(id)
  const shared = { id: expect.stringMatching(/^\d+$/), poll_id: id, key_prefix: null, address: '127.0.0.1' }
  expect(created).toMatchObject({ ...shared, action: 'poll_created', actor: 'api_key', actor_key: key.prefix })
  expect(Math.abs(Date.parse(created?.['at'] ?? '') - Date.now())).toBeLessThan(60_000)
  expect(told).toEqual(
    steps.map(([, , , action, actor], index) => ({
      ...shared,
      at: expect.any(String),
      action,
      actor,
      actor_key: actor === 'api_key' ? key.prefix : null,
      request_id: requestIds[index],
    })),
  )
  const { id: anybodys } = await makePoll(null)
  expect(await of(anybodys)).toMatchObject([{ action: 'poll_created', actor: 'nobody' }])
})

test('what changes nothing, is refused, or is done by time is not told', async () => {
  const { id, manageToken } = await makePoll(null, { closes_at: new Date(Date.now() + 5_000).toISOString() })
  const other = await makePoll(null)
  const path = `/polls/${id}`
  const nothing = [
    await call('POST', `${path}/open`, { bearer: manageToken }),
    await call('PATCH', path, { bearer: manageToken, json: {} }),
    await call('PATCH', path, { bearer: manageToken, json: { type: 'multiple' } }),
    await call('DELETE', path, { bearer: other.manageToken }),
    await call('DELETE', path),
  ]
  expect(nothing.map(({ status }) => status)).toEqual([200, 200, 409, 403, 401])
  await waitUntil(async () => (await call('GET', path)).body.status === 'closed', { withinMs: 20_000 })
  expect((await of(id)).map(({ action }) => action)).toEqual(['poll_created'])
})

test('keys and replays are told too; over gRPC the list is the same, page by page', async () => {
  const made = granted(await operator.createApiKey({ name: 'A name that nobody tells', scopes: ['admin'] }))
  const prefix = made.key?.prefix ?? ''
  granted(await operator.replaySetAside({ ids: [`0-${'0'.repeat(32)}`] }))
  granted(await operator.revokeApiKey(prefix))
  const [revoked, replayed, created] = await audit('limit=3')
  const shared = { actor: 'admin_token', actor_key: null, poll_id: null, address: '127.0.0.1' }
  expect([created, replayed, revoked]).toMatchObject([
    { ...shared, action: 'key_created', key_prefix: prefix },
    { ...shared, action: 'set_aside_replayed', key_prefix: null },
    { ...shared, action: 'key_revoked', key_prefix: prefix },
  ])
  const first = granted(await operator.listAuditEvents({ pageSize: 2 }))
  const second = granted(await operator.listAuditEvents({ pageSize: 1, pageToken: first.nextPageToken }))
  expect([...first.events, ...second.events]).toMatchObject([
    { id: revoked?.['id'], action: 'AUDIT_ACTION_KEY_REVOKED', actor: 'AUDIT_ACTOR_ADMIN_TOKEN', keyPrefix: prefix },
    { id: replayed?.['id'], action: 'AUDIT_ACTION_SET_ASIDE_REPLAYED', pollId: '' },
    { id: created?.['id'], action: 'AUDIT_ACTION_KEY_CREATED', actorKey: '', requestId: created?.['request_id'] },
  ])
  const page = await call('GET', '/audit?limit=1', { bearer: adminToken })
  expect(await audit(`limit=1&cursor=${page.body.next_cursor}`)).toEqual([replayed])
})

test('what a newer version has noted is shown in the words that it was noted with', async () => {
  await system.database.pool.query(`insert into audit_event (action, actor) values ('poll_praised', 'passer_by')`)
  expect((await audit('limit=1'))[0]).toMatchObject({ action: 'poll_praised', actor: 'passer_by' })
  const { events } = granted(await operator.listAuditEvents({ pageSize: 1 }))
  expect(events).toMatchObject([{ action: 'AUDIT_ACTION_UNSPECIFIED', actionWord: 'poll_praised' }])
})

test('it holds no secret and no text', async () => {
  const { secret } = await issueKey(system.adapters.keys, ['polls:write'])
  const { manageToken } = await makePoll(secret)
  await call('GET', '/polls', { bearer: adminToken })
  const { rows } = await system.database.pool.query<{ row: string }>('select audit_event::text as row from audit_event')
  const all = rows.map(({ row }) => row).join('\n')
  for (const kept of [secret.slice(-43), manageToken, adminToken, 'nobody tells', 'Yes'])
    expect(all).not.toContain(kept)
})

test('it is for the admin token and keys of the scope admin alone, and names what is wrong with a request', async () => {
  const { manageToken } = await makePoll(null)
  const narrow = (await issueKey(system.adapters.keys, ['polls:write', 'polls:read', 'votes:write'])).secret
  const wide = (await issueKey(system.adapters.keys, ['admin'])).secret
  expect((await call('GET', '/audit?limit=5', { bearer: wide })).body.events).toHaveLength(5)
  for (const [bearer, status, refused] of [
    [null, 401, 'unauthenticated'],
    ['cheese', 401, 'token_invalid'],
    [manageToken, 403, 'forbidden'],
    [narrow, 403, 'forbidden'],
  ] as const) {
    const answer = await call('GET', '/audit', bearer === null ? {} : { bearer })
    expect([answer.status, answer.body.code]).toEqual([status, refused])
    const client = connectAdminClient(system.grpcAddress, bearer)
    expect(await client.listAuditEvents({})).toMatchObject({ refused })
    client.close()
  }
  for (const query of ['limit=0', 'limit=101', 'cursor=zzz', 'poll=1']) {
    expect([query, (await call('GET', `/audit?${query}`, { bearer: adminToken })).status]).toEqual([query, 422])
  }
  expect(await operator.listAuditEvents({ pageSize: 101 })).toMatchObject({ refused: 'invalid_body' })
})

test('what was done to a poll is told to whoever manages it, without where others sit and which keys they have', async () => {
  const { secret } = await issueKey(system.adapters.keys, ['polls:write'])
  const [poll, other] = [await makePoll(secret), await makePoll(secret)]
  await call('POST', `/polls/${other.id}/close`, { bearer: secret })
  await call('POST', `/polls/${poll.id}/close`, { bearer: adminToken })
  const path = `/polls/${poll.id}/audit`
  const told = (await call('GET', path, { bearer: poll.manageToken })).body.events
  const shared = { poll_id: poll.id, actor_key: null, address: null, request_id: null }
  expect(told).toMatchObject([
    { ...shared, action: 'poll_closed', actor: 'admin_token' },
    { ...shared, action: 'poll_created', actor: 'api_key' },
  ])
  expect((await call('GET', path, { bearer: secret })).body.events).toEqual(told)
  const whole = (await call('GET', path, { bearer: adminToken })).body.events
  expect(whole).toEqual((await of(poll.id)).toReversed())
  const first = await call('GET', `${path}?limit=1`, { bearer: poll.manageToken })
  const next = await call('GET', `${path}?limit=1&cursor=${first.body.next_cursor}`, { bearer: poll.manageToken })
  expect([...first.body.events, ...next.body.events, next.body.next_cursor]).toEqual([...told, null])
  const foreign = (await issueKey(system.adapters.keys, ['polls:write'])).secret
  for (const [bearer, status] of [
    [null, 401],
    [other.manageToken, 403],
    [foreign, 404],
  ] as const) {
    expect((await call('GET', path, bearer === null ? {} : { bearer })).status).toBe(status)
  }
  await call('DELETE', `/polls/${poll.id}`, { bearer: poll.manageToken })
  expect((await call('GET', path, { bearer: poll.manageToken })).status).toBe(404)
})

test('how much was done to other polls cannot be read from ids and cursors', async () => {
  const [poll, other] = [await makePoll(null), await makePoll(null)]
  const path = `/polls/${poll.id}/audit`
  const read = async (query: string) => (await call('GET', `${path}?${query}`, { bearer: poll.manageToken })).body
  await call('POST', `/polls/${poll.id}/close`, { bearer: poll.manageToken })
  const whole = await call('GET', `${path}?limit=1`, { bearer: adminToken })
  const { events, next_cursor } = await read('limit=1')
  // With the room that it is padded to: two digits alone can stand in any sealed place.
  expect(events[0].id).not.toMatch(/^\d+$/)
  const place: string = whole.body.events[0].id
  expect(Buffer.from(events[0].id, 'base64url').toString('latin1')).not.toContain(place.padEnd(12))
  expect(next_cursor).not.toBe(whole.body.next_cursor)
  expect(Buffer.from(next_cursor, 'base64url').toString('latin1')).not.toContain('audit')
  // Shown again an event is the same, and all ids and cursors are as long.
  const again = await read('limit=2')
  expect(again.events[0]).toEqual(events[0])
  expect(new Set([next_cursor, ...again.events.map(({ id }: Event) => id)].map((id) => id.length)).size).toBe(1)
  const changed = `${next_cursor.slice(0, -1)}${next_cursor.endsWith('A') ? 'g' : 'A'}`
  for (const cursor of [whole.body.next_cursor, events[0].id, changed, 'zzz'])
    expect((await call('GET', `${path}?cursor=${cursor}`, { bearer: poll.manageToken })).status).toBe(422)
  const elsewhere = await call('GET', `/polls/${other.id}/audit?cursor=${next_cursor}`, { bearer: other.manageToken })
  expect(elsewhere.status).toBe(422)
})

test('every answer was one that /openapi.json describes', () => {
  expect(disagreements).toEqual([])
})
