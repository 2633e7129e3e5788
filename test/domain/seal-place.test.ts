import { expect, test } from 'vitest'
import { createSealPlace } from '../../src/application/seal-place.ts'

const places = createSealPlace(Buffer.alloc(32, 1))

test('a sealed place opens for its poll, and for no other', () => {
  const sealed = places.seal('one', '42')
  expect(places.open('one', sealed)).toBe('42')
  expect(places.open('another', sealed)).toBeNull()
  expect(createSealPlace(Buffer.alloc(32, 2)).open('one', sealed)).toBeNull()
})

test('the same place is sealed in the same way, two places of a poll and one place of two polls in different ways', () => {
  expect(places.seal('one', '42')).toBe(places.seal('one', '42'))
  expect(new Set([places.seal('one', '42'), places.seal('one', '43'), places.seal('another', '42')]).size).toBe(3)
})

test('the length says nothing; what is longer than any place is a mistake', () => {
  expect(places.seal('one', '1'.repeat(48))).toHaveLength(places.seal('one', '1').length)
  expect(places.open('one', places.seal('one', '1'.repeat(48)))).toBe('1'.repeat(48))
  expect(() => places.seal('one', '1'.repeat(49))).toThrow('too long')
})

test('with any bit changed, or made up, it is nothing', () => {
  const sealed = places.seal('one', '42')
  const bytes = Buffer.from(sealed, 'base64url')
  for (let at = 0; at < bytes.length * 8; at += 1) {
    const changed = Buffer.from(bytes)
    changed[at >> 3]! ^= 1 << (at & 7) // within the bytes by the loop's bound
    expect(places.open('one', changed.toString('base64url'))).toBeNull()
  }
  for (const made of ['', 'x', '%'.repeat(sealed.length), 'A'.repeat(sealed.length), 'A'.repeat(100_000)])
    expect(places.open('one', made)).toBeNull()
})
