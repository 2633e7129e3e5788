import { expect, test } from 'vitest'
import { createJoinCode } from '../../src/application/manage-polls/create-join-code.ts'
import { JOIN_CODE_ALPHABET, readJoinCode } from '../../src/domain/join-code.ts'

test('a code has six characters that nobody takes for others, and spells no word', () => {
  const codes = Array.from({ length: 2_000 }, createJoinCode)
  for (const code of codes) expect(code).toMatch(/^[2-9CDFGHJKMNPQRTVWX]{6}$/)
  expect(new Set(codes).size).toBeGreaterThan(1_990)
  expect(new Set(codes.join(''))).toEqual(new Set(JOIN_CODE_ALPHABET))
  for (const mistakable of '01OILSZBUAEY') expect(JOIN_CODE_ALPHABET).not.toContain(mistakable)
})

test.each([['7KMX4R'], ['7kmx4r'], ['7KM-X4R'], [' 7km x4r\n'], ['7\u00a0K\u2011M\u2013X4R']])(
  '%j is read as the code that it is',
  (written) => {
    expect(readJoinCode(written)).toBe('7KMX4R')
  },
)

test('a letter that no code has is the digit or letter that was read as it', () => {
  expect(readJoinCode('szbu-SZ')).toBe('528V52')
})

test.each(['', '7KMX4', '7KMX4RR', '7KMX40', '7KMXOR', '7KM/X4R', '٧KMX4R', `7KMX4R${' '.repeat(100)}`, '\u0000'])(
  '%j can be no code',
  (written) => {
    expect(readJoinCode(written)).toBeNull()
  },
)
