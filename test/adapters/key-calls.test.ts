import { afterAll, beforeAll, expect, test } from 'vitest'
import { isRefused } from '../../src/domain/refusal.ts'
import { type AdminClient, connectAdminClient } from '../support/admin-client.ts'
import { adminToken, type AdminSide, createPoll, granted, startAdminSide } from '../support/admin-side.ts'

let side: AdminSide
let operator: AdminClient
const clients: AdminClient[] = []
let address = ''

beforeAll(async () => {
  side = await startAdminSide('postgres')
  ;({ address } = await side.runRole())
  operator = clientOf(adminToken)
})
afterAll(async () => {
  for (const client of clients) client.close()
  await side.stop()
})

function clientOf(token: string | null): AdminClient {
  const client = connectAdminClient(address, token)
  clients.push(client)
  return client
}
const refusalOf = (answer: object) => (isRefused(answer) ? answer : null)

test('a key is made, listed without its secret, works as far as its scopes go, and works no more once it is revoked', async () => {
  const expiresAt = { seconds: Math.floor(Date.now() / 1000) + 3600, nanos: 0 }
  const made = granted(await operator.createApiKey({ name: 'Operations', scopes: ['admin'], expiresAt }))
  expect(made.secret).toMatch(/^tck_[0-9a-f]{10}_[A-Za-z0-9_-]{43}$/)
  expect(made.key).toMatchObject({
    name: 'Operations',
    scopes: ['admin'],
    expiresAt,
    revokedAt: null,
    lastUsedAt: null,
  })
  const key = clientOf(made.secret)
  const narrow = granted(await key.createApiKey({ name: 'Host', scopes: ['votes:write', 'polls:read'] }))
  expect(narrow.key).toMatchObject({ scopes: ['polls:read', 'votes:write'], expiresAt: null })

  const page = granted(await key.listApiKeys({ pageSize: 1 }))
  const rest = granted(await key.listApiKeys({ pageSize: 1, pageToken: page.nextPageToken }))
  expect([...page.keys, ...rest.keys].map(({ name }) => name)).toEqual(['Host', 'Operations'])
  expect(rest.nextPageToken).toBe('')
  expect(JSON.stringify([page, rest])).not.toContain(narrow.secret.slice(-43))

  const prefix = made.key?.prefix ?? ''
  const revoked = granted(await key.revokeApiKey(prefix))
  expect(revoked).toMatchObject({ prefix, revokedAt: expect.objectContaining({ seconds: expect.any(Number) }) })
  expect(refusalOf(await key.listApiKeys({}))).toMatchObject({ refused: 'token_invalid' })
  expect(granted(await operator.revokeApiKey(prefix))).toEqual(revoked)
})

test('keys are kept by the admin token and by keys of the scope admin alone', async () => {
  const { organiser } = await createPoll(side.createSteps().managePolls)
  const host = granted(
    await operator.createApiKey({ name: 'Host', scopes: ['polls:write', 'polls:read', 'votes:write'] }),
  )
  for (const [token, refused] of [
    [null, 'unauthenticated'],
    ['cheese', 'token_invalid'],
    [`${host.secret.slice(0, -4)}AAAA`, 'token_invalid'],
    [organiser.bearer, 'forbidden'],
    [host.secret, 'forbidden'],
  ] as const) {
    const client = clientOf(token)
    expect(refusalOf(await client.createApiKey({ name: 'x', scopes: ['admin'] }))).toMatchObject({ refused })
    expect(refusalOf(await client.listApiKeys({}))).toMatchObject({ refused })
    expect(refusalOf(await client.revokeApiKey(host.key?.prefix ?? ''))).toMatchObject({ refused })
    expect(refusalOf(await client.pipelineStatus())).toMatchObject({ refused })
    expect(refusalOf(await client.listSetAside({}))).toMatchObject({ refused })
    expect(refusalOf(await client.replaySetAside({ ids: [`0-${'0'.repeat(32)}`] }))).toMatchObject({ refused })
  }
  expect(granted(await operator.listApiKeys({})).keys.every(({ name }) => name !== 'x')).toBe(true)
  expect((await side.adapters.keys.find(host.key?.prefix ?? ''))?.key.revokedAt).toBeNull()
})

test('what is wrong with a request is named', async () => {
  const wrong = { name: '', scopes: ['everything'], expiresAt: { seconds: 1, nanos: 0 } }
  expect(refusalOf(await operator.createApiKey(wrong))).toMatchObject({
    refused: 'invalid_body',
    errors: [{ pointer: '/name' }, { pointer: '/scopes/0' }, { pointer: '/expires_at' }],
  })
  expect(refusalOf(await operator.listApiKeys({ pageSize: 101 }))).toMatchObject({
    errors: [{ pointer: '/page_size' }],
  })
  expect(refusalOf(await operator.listApiKeys({ pageToken: 'x' }))).toMatchObject({ refused: 'invalid_body' })
  for (const prefix of ['', '0000000000', "'; drop", 'x'.repeat(10_000), '\0']) {
    expect(refusalOf(await operator.revokeApiKey(prefix))).toMatchObject({ refused: 'key_not_found' })
  }
})
