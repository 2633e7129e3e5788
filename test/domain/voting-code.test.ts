import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createVotingCodes } from '../../src/application/voting-codes.ts'
import {
  CODE_ALPHABET,
  CODE_LIMITS,
  isCodeCount,
  readCode,
  refuseCodes,
  showCode,
} from '../../src/domain/voting-code.ts'

const pollId = 'poll23456789ab'
const voterPepper = Buffer.alloc(32, 3)
const service = Buffer.alloc(32, 4)
const codes = createVotingCodes({ voterPepper, service })
const [some] = codes.draw(pollId, 1)
if (some === undefined) throw new Error('no code was drawn')

const characters = fc.array(fc.constantFrom(...CODE_ALPHABET.split('')), { minLength: 16, maxLength: 16 })

describe('a code, as it is written', () => {
  test('is shown in four groups, in characters that nobody takes for others', () => {
    expect(some.code).toMatch(/^[0-9A-HJKMNP-TV-Z]{4}(?:-[0-9A-HJKMNP-TV-Z]{4}){3}$/)
    expect(showCode('0123456789ABCDEF')).toBe('0123-4567-89AB-CDEF')
  })

  test('is read in any case, with hyphens, dashes and spaces anywhere, with I and L for 1 and O for 0', () => {
    const lookalikes: Readonly<Record<string, string>> = { '1': '1IiLl', '0': '0Oo' }
    const spelling = characters.chain((all) =>
      fc.tuple(
        fc.constant(all.join('')),
        fc.tuple(
          ...all.map((one) =>
            fc.tuple(
              fc.constantFrom('', '', '-', ' ', '–', '\t'),
              fc.constantFrom(...(lookalikes[one] ?? one + one.toLowerCase()).split('')),
            ),
          ),
        ),
      ),
    )
    fc.assert(
      fc.property(spelling, ([code, written]) => {
        expect(readCode(written.flat().join(''))).toBe(code)
      }),
    )
    fc.assert(
      fc.property(characters, (all) => {
        expect(readCode(showCode(all.join('')))).toBe(all.join(''))
      }),
    )
  })

  test.each([
    '',
    '-',
    '0123-4567-89AB-CDE',
    '0123-4567-89AB-CDEF-0',
    '0123-4567-89AB-CDEU',
    '0123_4567_89AB_CDEF',
    '0123-4567-89AB-CDEé',
    `0123456789ABCDEF${' '.repeat(100)}`,
    '٠١٢٣-4567-89AB-CDEF',
  ])('is none where it is %j', (written) => {
    expect(readCode(written)).toBeNull()
  })
})

describe('a code', () => {
  test('leads to the voter with whom it was drawn, however it is written', () => {
    for (const { code, voter } of codes.draw(pollId, 50)) {
      expect(voter).toMatch(/^[0-9a-f]{32}$/)
      for (const written of [code, code.toLowerCase(), code.replaceAll('-', ''), ` ${code.replaceAll('-', ' ')} `]) {
        expect(codes.voterOf(pollId, written)).toBe(voter)
      }
    }
  })

  test('is nothing in another poll, nor where the service has another secret', () => {
    expect(codes.voterOf('another', some.code)).toBeNull()
    const elsewhere = createVotingCodes({ voterPepper, service: Buffer.alloc(32, 5) })
    expect(elsewhere.voterOf(pollId, some.code)).toBeNull()
  })

  test('is another voter where the pepper is another', () => {
    const other = createVotingCodes({ voterPepper: Buffer.alloc(32, 6), service }).voterOf(pollId, some.code)
    expect(other).toMatch(/^[0-9a-f]{32}$/)
    expect(other).not.toBe(some.voter)
  })

  test('is no code any more when any character of it is another', () => {
    for (const [at, character] of some.code.split('').entries()) {
      if (character === '-') continue
      for (const other of CODE_ALPHABET) {
        const changed = some.code.slice(0, at) + other + some.code.slice(at + 1)
        expect(codes.voterOf(pollId, changed)).toBe(other === character ? some.voter : null)
      }
    }
  })

  test('that somebody makes up is none', () => {
    fc.assert(
      fc.property(characters, (all) => {
        expect(codes.voterOf(pollId, all.join(''))).toBeNull()
      }),
    )
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(codes.voterOf(pollId, text)).toBeNull()
      }),
    )
  })

  test('is drawn at random: 10,000 are as good as all different, and use every character at every place', () => {
    const drawn = codes.draw(pollId, CODE_LIMITS.perCallMax).map(({ code }) => code.replaceAll('-', ''))
    // Two have the same serial in one of 700 runs, three times two in none.
    expect(new Set(drawn).size).toBeGreaterThan(CODE_LIMITS.perCallMax - 3)
    for (let at = 0; at < 16; at += 1) {
      expect(new Set(drawn.map((code) => code[at])).size).toBe(CODE_ALPHABET.length)
    }
  })
})

test('so many codes are made at once as the limit says, and not one more', () => {
  expect([1, CODE_LIMITS.perCallMax].every(isCodeCount)).toBe(true)
  expect([0, -1, 1.5, Number.NaN, CODE_LIMITS.perCallMax + 1].some(isCodeCount)).toBe(false)
})

test('codes are made for polls that ask for them, while they are of use', () => {
  const why = (status: Parameters<typeof refuseCodes>[0]['status'], voterIdentity: 'code' | 'session' = 'code') =>
    refuseCodes({ status, voterIdentity })?.refused ?? null
  expect((['draft', 'scheduled', 'open'] as const).map((status) => why(status))).toEqual([null, null, null])
  expect((['closing', 'closed', 'deleted'] as const).map((status) => why(status))).toEqual([
    'poll_final',
    'poll_final',
    'poll_not_found',
  ])
  expect(why('open', 'session')).toBe('identity_not_code')
})
