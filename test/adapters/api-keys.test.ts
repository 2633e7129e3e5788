import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createApiKeys } from '../../src/adapters/postgres/api-keys.ts'
import { hashToken } from '../../src/application/authorize.ts'
import { createJudgeBearer, JUDGE_LIMITS, type JudgeBearerParts } from '../../src/application/judge-bearer.ts'
import { createNoteKeyUse } from '../../src/application/note-key-use.ts'
import type { ApiKeys } from '../../src/ports/api-keys.ts'
import { issueKey } from '../support/issue-key.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'

let database: TestDatabase
let keys: ApiKeys
beforeAll(async () => {
  database = await createTestDatabase()
  keys = createApiKeys(database.pool)
})
afterAll(() => database.drop())
beforeEach(async () => void (await database.pool.query('truncate api_key')))

const newKey = (said: Partial<Parameters<ApiKeys['create']>[0]> = {}) => ({
  prefix: randomBytes(5).toString('hex'),
  name: 'Newsroom',
  scopes: ['polls:write' as const],
  expiresAt: null,
  hash: 'ab'.repeat(32),
  ...said,
})
/** A key as it is made for people, with its secret. */
const issue = async () => issueKey(keys, ['polls:write'])
const lastUsed = async (prefix: string) => (await keys.find(prefix))?.key.lastUsedAt ?? null

describe('the store of keys', () => {
  test('keeps a key and finds it by its prefix, with its hash and the time of the store', async () => {
    const wanted = newKey({ scopes: ['polls:read', 'votes:write'], expiresAt: 4_102_444_800_000 })
    const kept = await keys.create(wanted)
    const { hash, ...shown } = wanted
    expect(kept).toEqual({ ...shown, createdAt: expect.any(Number), revokedAt: null, lastUsedAt: null })
    const found = await keys.find(wanted.prefix)
    expect(found).toEqual({ key: kept, hash, now: expect.any(Number) })
    expect(Math.abs((found?.now ?? 0) - Date.now())).toBeLessThan(60_000)
    expect(await keys.find('0000000000')).toBeNull()
  })

  test('answers null where the prefix is taken, and leaves the key that has it as it was', async () => {
    const first = newKey()
    const kept = await keys.create(first)
    expect(await keys.create(newKey({ prefix: first.prefix, name: 'Other', hash: 'cd'.repeat(32) }))).toBeNull()
    expect(await keys.find(first.prefix)).toMatchObject({ key: kept, hash: first.hash })
  })

  test('lists all keys, newest first, page by page, also those made in the same moment, and refuses a made-up cursor', async () => {
    const prefixes: string[] = []
    for (let n = 0; n < 5; n += 1) {
      const { prefix } = newKey()
      prefixes.push(prefix)
      await keys.create(newKey({ prefix }))
    }
    await database.pool.query("update api_key set created_at = '2026-01-01' where prefix = any ($1)", [prefixes])
    const newest = await keys.create(newKey())
    const listed: string[] = []
    const sizes: number[] = []
    for (let cursor: string | null = null; ;) {
      const page = await keys.list(cursor, 2)
      listed.push(...(page?.keys ?? []).map(({ prefix }) => prefix))
      sizes.push(page?.keys.length ?? 0)
      cursor = page?.nextCursor ?? null
      if (cursor === null) break
    }
    expect(sizes).toEqual([2, 2, 2])
    expect(listed).toEqual([newest?.prefix, ...prefixes.toSorted().toReversed()])
    for (const cursor of ['x', Buffer.from('api key 1').toString('base64url')]) {
      expect(await keys.list(cursor, 2)).toBeNull()
    }
  })

  test('ends a key for good, and keeps the time of the first revocation', async () => {
    const { prefix } = newKey()
    await keys.create(newKey({ prefix }))
    const revoked = await keys.revoke(prefix)
    expect(revoked?.revokedAt).toEqual(expect.any(Number))
    expect(await keys.revoke(prefix)).toEqual(revoked)
    expect((await keys.find(prefix))?.key).toEqual(revoked)
    expect(await keys.revoke('0000000000')).toBeNull()
  })

  test('remembers that keys were used, and writes none of them more often than once a minute', async () => {
    const [used, unused] = [newKey(), newKey()]
    await keys.create(used)
    await keys.create(unused)
    await keys.markUsed([used.prefix, '0000000000'])
    const first = await lastUsed(used.prefix)
    expect(first).toEqual(expect.any(Number))
    await database.pool.query("update api_key set last_used_at = last_used_at - interval '45 seconds'")
    await keys.markUsed([used.prefix])
    expect(await lastUsed(used.prefix)).toBe((first ?? 0) - 45_000)
    await database.pool.query("update api_key set last_used_at = last_used_at - interval '16 seconds'")
    await keys.markUsed([used.prefix])
    expect(await lastUsed(used.prefix)).toBeGreaterThanOrEqual(first ?? Number.POSITIVE_INFINITY)
    expect(await lastUsed(unused.prefix)).toBeNull()
  })

  test('holds neither a key without a scope nor one with a scope that nobody knows', async () => {
    for (const scopes of [[], ['polls:write', 'everything']]) {
      // The cast says what a bug would send.
      await expect(keys.create(newKey({ scopes: scopes as never }))).rejects.toThrow(/scope/)
    }
  })
})

describe('a bearer', () => {
  const judgeWith = (parts: Partial<JudgeBearerParts> = {}) =>
    createJudgeBearer({ keys, adminTokenHash: hashToken('the-admin-token'), onUsed: () => {}, ...parts })

  test('stands for the key whose secret it holds, for whoever runs the service, or for nobody', async () => {
    const { key, secret } = await issue()
    const other = await issue()
    const { judge } = judgeWith()
    expect(await judge(secret)).toEqual({ is: 'key', key })
    expect(await judge('the-admin-token')).toEqual({ is: 'operator' })
    expect(await judge(`mt_${'x'.repeat(43)}`)).toMatchObject({ is: 'organiser' })
    for (const nobody of [null, '']) expect(await judge(nobody)).toMatchObject({ refused: 'unauthenticated' })
    const otherSecret = other.secret.slice(-43)
    for (const wrong of [
      `tck_${key.prefix}_${otherSecret}`,
      `tck_0000000000_${secret.slice(-43)}`,
      `${secret.slice(0, -1)}${secret.endsWith('A') ? 'B' : 'A'}`,
      secret.toUpperCase(),
      'cheese',
    ]) {
      expect(await judge(wrong)).toMatchObject({ refused: 'token_invalid' })
    }
  })

  test('is kept nowhere but as a hash', async () => {
    const { key, secret } = await issue()
    const { rows } = await database.pool.query<{ row: string }>('select api_key::text as row from api_key')
    expect(rows.map(({ row }) => row).join()).toContain(hashToken(secret))
    expect(rows.map(({ row }) => row).join()).not.toContain(secret.slice(-43))
    expect(secret).toMatch(new RegExp(`^tck_${key.prefix}_`))
  })

  test('of a key that was revoked or has expired is refused when what is known of it is 5 s old', async () => {
    const revoked = await issue()
    const expired = await issue()
    let ms = 0
    const { judge, judgeKnown } = judgeWith({ now: () => ms })
    expect(judgeKnown(revoked.secret)).toBeNull()
    for (const { key, secret } of [revoked, expired]) expect(await judge(secret)).toMatchObject({ key })
    await keys.revoke(revoked.key.prefix)
    await database.pool.query("update api_key set expires_at = clock_timestamp() - interval '1 ms' where prefix = $1", [
      expired.key.prefix,
    ])
    ms = JUDGE_LIMITS.keptMs - 1
    expect(judgeKnown(revoked.secret)).toMatchObject({ is: 'key' })
    ms = JUDGE_LIMITS.keptMs
    expect(judgeKnown(revoked.secret)).toBeNull()
    expect(await judge(revoked.secret)).toMatchObject({
      refused: 'token_invalid',
      detail: expect.stringMatching('revoked'),
    })
    expect(await judge(expired.secret)).toMatchObject({
      refused: 'token_invalid',
      detail: expect.stringMatching('expired'),
    })
    expect(judgeKnown(revoked.secret)).toBeNull()
    expect(JUDGE_LIMITS.keptMs).toBeLessThan(10_000)
  })

  test('is looked up once for many who ask at once, and no more keys at once than the limit', async () => {
    const issued = [await issue(), await issue(), await issue()]
    const answer = Promise.withResolvers<void>()
    let lookups = 0
    const slow: Pick<ApiKeys, 'find'> = {
      async find(prefix) {
        lookups += 1
        await answer.promise
        return keys.find(prefix)
      },
    }
    const { judge } = judgeWith({ keys: slow, limits: { lookupsMax: 2 } })
    const [first, second, third] = issued.map(({ secret }) => secret)
    const asked = [first, first, second, third].map((secret) => judge(secret ?? null))
    answer.resolve()
    expect(await Promise.all(asked)).toMatchObject([
      { is: 'key' },
      { is: 'key' },
      { is: 'key' },
      { refused: 'overloaded', retryAfterMs: expect.any(Number) },
    ])
    expect(lookups).toBe(2)
    expect(await judge(third ?? null)).toMatchObject({ is: 'key' })
  })

  test('is remembered up to the limit: the one that was looked up longest ago is forgotten first', async () => {
    const { judge, judgeKnown } = judgeWith({ limits: { keptMax: 2 } })
    const secrets = [await issue(), await issue(), await issue()].map(({ secret }) => secret)
    for (const secret of secrets) await judge(secret)
    expect(secrets.map((secret) => judgeKnown(secret) !== null)).toEqual([false, true, true])
    // Made-up ones are not remembered at all, so they push nobody out.
    await judge(`${secrets[0]?.slice(0, -3)}xyz`)
    expect(secrets.map((secret) => judgeKnown(secret) !== null)).toEqual([false, true, true])
  })

  test('that is a good key is noted, and written down apart from the call', async () => {
    const { key, secret } = await issue()
    const other = await issue()
    const stopping = new AbortController()
    const slept = Promise.withResolvers<void>()
    const use = createNoteKeyUse({
      keys,
      sleep: () => slept.promise,
      report: (fault) => {
        throw fault
      },
    })
    const { judge } = judgeWith({ onUsed: (prefix) => use.note(prefix) })
    const running = use.run(stopping.signal)
    await judge(secret)
    await judge(`${other.secret.slice(0, -3)}xyz`)
    expect(await lastUsed(key.prefix)).toBeNull()
    stopping.abort()
    slept.resolve()
    await running
    expect(await lastUsed(key.prefix)).toEqual(expect.any(Number))
    expect(await lastUsed(other.key.prefix)).toBeNull()
  })
})
