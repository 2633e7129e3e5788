import { randomBytes, randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { hashRequestKey, readRequestKey } from '../../src/application/cast-vote/request-key.ts'

const random22 = 'Xk3vQ8mT1xY5bN2cR7dLpA'

describe('an Idempotency-Key', () => {
  test('may be left out', () => {
    expect(readRequestKey(undefined)).toBeNull()
  })

  test('may be a random UUID, bare or as a quoted string, in any case', () => {
    const uuid = randomUUID()
    expect(readRequestKey(uuid)).toBe(uuid)
    expect(readRequestKey(`"${uuid}"`)).toBe(uuid)
    expect(readRequestKey(uuid.toUpperCase())).toBe(uuid)
  })

  test('may be a UUID of version 7', () => {
    const uuid = '01932d4f-5c8a-7b3e-9f21-3c6d8e4a7b10'
    expect(readRequestKey(uuid)).toBe(uuid)
  })

  test('may be 22 random characters of base64url, 32 hexadecimal or 40 decimal digits', () => {
    for (const key of [random22, randomBytes(16).toString('hex'), '9274650183526471908362514073829165028374']) {
      expect(readRequestKey(key)).toBe(key)
    }
    for (let run = 0; run < 1000; run += 1) {
      const key = randomBytes(17).toString('base64url')
      expect(readRequestKey(key)).toBe(key)
      expect(readRequestKey(randomUUID())).toBeTypeOf('string')
    }
  })

  test.each([
    ['empty', ''],
    ['an empty string', '""'],
    ['short', '1'],
    ['21 characters', random22.slice(1)],
    ['30 hexadecimal digits', '3f9a0c7be51d24863f9a0c7be51d24'],
    ['36 decimal digits', '927465018352647190836251407382916502'],
    ['the nil UUID', '00000000-0000-0000-0000-000000000000'],
    ['the last UUID', 'ffffffff-ffff-ffff-ffff-ffffffffffff'],
    ['a UUID made of a repeated digit', 'aaaaaaaa-aaaa-4aaa-aaaa-aaaaaaaaaaaa'],
    ['a UUID of time', '01932d4f-5c8a-11ef-9b3e-0242ac120002'],
    ['a UUID of a name', '01932d4f-5c8a-5b3e-9f21-3c6d8e4a7b10'],
    ['one character, often', 'x'.repeat(40)],
    ['a sentence', 'the quick brown fox jumps over the lazy dog'],
    ['control characters', `${random22}\n`],
    ['256 characters', random22.repeat(12).slice(0, 256)],
  ])('is refused when it is %s', (_what, key) => {
    expect(readRequestKey(key)).toMatchObject({ refused: 'idempotency_key_weak' })
  })

  test('may have 255 characters', () => {
    const key = random22.repeat(12).slice(0, 255)
    expect(readRequestKey(key)).toBe(key)
  })

  test('is remembered as 16 hexadecimal digits', () => {
    expect(hashRequestKey(random22)).toMatch(/^[0-9a-f]{16}$/)
    expect(hashRequestKey(random22)).not.toBe(hashRequestKey(random22.slice(1)))
  })
})
