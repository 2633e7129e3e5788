import fc from 'fast-check'
import Schema from 'typebox/schema'
import { describe, expect, test } from 'vitest'
import { createCutLines, type Line } from '../../src/adapters/http/bulk-lines.ts'
import { BulkLine } from '../../src/adapters/http/bulk-schemas.ts'
import { readBulkVote } from '../../src/adapters/http/bulk-vote.ts'
import { isRefused } from '../../src/domain/refusal.ts'
import { valuesOf, wrongValuesOf } from '../support/from-schema.ts'

const lineBytesMax = 40

/** The lines of a body, and what is to be known of each: the text, or the code. */
const known = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 12 }).map(textLine),
  fc.constantFrom('', ' ', '\r', '\t').map(textLine),
  fc.integer({ min: lineBytesMax - 2, max: lineBytesMax + 2 }).map((length) => textLine('x'.repeat(length))),
  fc.integer({ min: 12, max: 16 }).map((length) => textLine('\u{20ac}'.repeat(length))),
  fc.integer({ min: 41, max: 400 }).map((length) => textLine('\u{1f363}'.repeat(length))),
  fc.constant({ bytes: Buffer.from([0x78, 0xff]), is: 'invalid_json' }),
)

function textLine(text: string): { bytes: Buffer; is: string | null } {
  const line = text.replaceAll('\n', '')
  const bytes = Buffer.from(line)
  if (bytes.length > lineBytesMax) return { bytes, is: 'too_large' }
  return { bytes, is: /^[ \t\r]*$/.test(line) ? null : `text ${line}` }
}

function nameOf(line: Line): string {
  return isRefused(line) ? line.refused : `text ${line}`
}

describe('the lines of a body', () => {
  test('are the same however it is cut into pieces, and none is longer than may be', () => {
    const body = fc.tuple(fc.array(known, { maxLength: 12 }), fc.boolean(), fc.array(fc.integer({ min: 1, max: 60 })))
    fc.assert(
      fc.property(body, ([lines, isEnded, sizes]) => {
        const bytes = Buffer.concat(lines.flatMap((line) => [line.bytes, Buffer.from('\n')]))
        const whole = isEnded ? bytes : bytes.subarray(0, -1)
        const cut = createCutLines(lineBytesMax)
        const found: Line[] = []
        let at = 0
        for (const size of sizes) {
          found.push(...cut.push(whole.subarray(at, at + size)))
          at += size
        }
        found.push(...cut.push(whole.subarray(at)), ...cut.end())
        expect(found.map(nameOf)).toEqual(lines.map(({ is }) => is).filter((is) => is !== null))
      }),
      { numRuns: 2_000 },
    )
  })

  test('that begin in one piece do not change when the next one comes into the same memory', () => {
    const cut = createCutLines(lineBytesMax)
    const memory = Buffer.from('one\ntwo')
    expect(cut.push(memory)).toEqual(['one'])
    memory.fill('x')
    expect(cut.push(Buffer.from('\n'))).toEqual(['two'])
  })
})

describe('a line', () => {
  test('is a vote where its description says so, and where the description cannot say it by the same rules as a single vote', () => {
    const values = fc.oneof(valuesOf({ ...BulkLine }), wrongValuesOf({ ...BulkLine }))
    let votes = 0
    fc.assert(
      fc.property(values, (value) => {
        const vote = readBulkVote(JSON.stringify(value))
        if (isRefused(vote)) {
          expect(vote.refused).toBe('invalid_body')
          if (Schema.Check(BulkLine, value)) expect(isBeyondDescription(value)).toBe(true)
        } else {
          expect(Schema.Check(BulkLine, value)).toBe(true)
          votes += 1
        }
      }),
      { numRuns: 2_000 },
    )
    expect(votes).toBeGreaterThan(50)
  })

  test.each([
    ['{"voter":"a","option_id":2}', { subject: 'a', kind: 'cast', optionIds: [2], requestKey: null }],
    ['{"voter":"a","option_ids":[2,1],"key":"k"}', { subject: 'a', kind: 'cast', optionIds: [2, 1], requestKey: 'k' }],
    ['{"voter":"a","kind":"retract"}', { subject: 'a', kind: 'retract', optionIds: [], requestKey: null }],
  ])('%s is read as it stands', (line, vote) => {
    expect(readBulkVote(line)).toEqual(vote)
  })
})

/** Either of two fields, none for a retract, and whole characters. */
function isBeyondDescription(value: unknown): boolean {
  // What the description allows is an object of these.
  const { voter, key, kind, option_id: one, option_ids: several } = value as Record<string, unknown>
  const given = [one, several].filter((option) => option !== undefined).length
  const isHalf = [voter, key].some((text) => typeof text === 'string' && !text.isWellFormed())
  return isHalf || given !== (kind === 'retract' ? 0 : 1)
}
