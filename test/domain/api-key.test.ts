import { expect, test } from 'vitest'
import {
  API_KEY_LIMITS,
  type ApiKey,
  defineKey,
  hasScope,
  prefixOfKey,
  refuseEndedKey,
  type Scope,
  SCOPES,
} from '../../src/domain/api-key.ts'
import { isRefused } from '../../src/domain/refusal.ts'

const now = 1_000_000
const dayMs = 86_400_000
const secret = 'A-_9'.repeat(11).slice(0, 43)
const wanted = { name: 'Newsroom', scopes: ['polls:write'], expiresAt: null }
const keyOf = (said: Partial<ApiKey> = {}): ApiKey => ({
  prefix: '0123456789',
  name: 'Newsroom',
  scopes: ['polls:read'],
  createdAt: 1,
  expiresAt: null,
  revokedAt: null,
  lastUsedAt: null,
  ...said,
})
const pointersOf = (input: Partial<Parameters<typeof defineKey>[0]>): readonly string[] => {
  const defined = defineKey({ ...wanted, ...input }, now)
  return isRefused(defined) ? (defined.errors ?? []).map(({ pointer }) => pointer) : []
}

test('a key is named by its prefix, and nothing but a whole key has one', () => {
  expect(prefixOfKey(`tck_0123456789_${secret}`)).toBe('0123456789')
  for (const other of [
    '',
    'tck_',
    `tck_0123456789_${secret.slice(1)}`,
    `tck_0123456789_${secret}A`,
    `tck_012345678_${secret}`,
    `tck_012345678G_${secret}`,
    ` tck_0123456789_${secret}`,
    `tck_0123456789_${secret}\n`,
    `mt_${secret}`,
  ]) {
    expect(prefixOfKey(other)).toBeNull()
  }
})

test('a key may do what its scopes say: admin everything, polls:write also polls:read, and none of the others anything more', () => {
  const allowed = (scope: Scope): readonly Scope[] => SCOPES.filter((needed) => hasScope({ scopes: [scope] }, needed))
  expect(allowed('admin')).toEqual(SCOPES)
  expect(allowed('polls:write')).toEqual(['polls:read', 'polls:write'])
  expect(allowed('polls:read')).toEqual(['polls:read'])
  expect(allowed('votes:write')).toEqual(['votes:write'])
  expect(SCOPES.filter((needed) => hasScope({ scopes: [] }, needed))).toEqual([])
})

test('a key works until the moment at which it expires, and not from its revocation on', () => {
  expect(refuseEndedKey(keyOf(), now)).toBeNull()
  expect(refuseEndedKey(keyOf({ expiresAt: now + 1 }), now)).toBeNull()
  expect(refuseEndedKey(keyOf({ expiresAt: now }), now)).toMatchObject({ refused: 'token_invalid' })
  // Also where the clocks do not agree on whether that has been.
  expect(refuseEndedKey(keyOf({ revokedAt: now + 1 }), now)).toMatchObject({ refused: 'token_invalid' })
})

test('a new key has a name, known scopes, each once, and expires ahead or never', () => {
  expect(
    defineKey({ name: ' Newsroom ', scopes: ['votes:write', 'polls:read', 'polls:read'], expiresAt: null }, now),
  ).toEqual({ name: 'Newsroom', scopes: ['polls:read', 'votes:write'], expiresAt: null })
  expect(pointersOf({ name: ' ' })).toEqual(['/name'])
  expect(pointersOf({ name: 'n'.repeat(API_KEY_LIMITS.nameMax) })).toEqual([])
  expect(pointersOf({ name: 'n'.repeat(API_KEY_LIMITS.nameMax + 1) })).toEqual(['/name'])
  expect(pointersOf({ name: 'a\u001B[2Jb' })).toEqual(['/name'])
  expect(pointersOf({ scopes: [] })).toEqual(['/scopes'])
  expect(pointersOf({ scopes: ['admin', 'Admin', ''] })).toEqual(['/scopes/1', '/scopes/2'])
  expect(pointersOf({ expiresAt: now })).toEqual(['/expires_at'])
  expect(pointersOf({ expiresAt: now + 1 })).toEqual([])
  expect(pointersOf({ expiresAt: now + API_KEY_LIMITS.lifeDaysMax * dayMs })).toEqual([])
  expect(pointersOf({ expiresAt: now + API_KEY_LIMITS.lifeDaysMax * dayMs + 1 })).toEqual(['/expires_at'])
  expect(pointersOf({ name: '', scopes: [], expiresAt: 0 })).toEqual(['/name', '/scopes', '/expires_at'])
})
