import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { csvLine } from '../../src/adapters/http/csv.ts'

/** As a program that nobody here wrote reads it. */
const read = (lines: string): readonly (readonly string[])[] => parse(lines, { recordDelimiter: '\r\n' })

const triggers = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']
const text = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc
    .tuple(fc.constantFrom(...triggers, '"', ',', ';', "'", ' ', '\r\n', '"='), fc.string({ unit: 'grapheme' }))
    .map((parts) => parts.join('')),
)

describe('a line of CSV', () => {
  test('is read back as it was, but for an apostrophe in front of what would be a formula', () => {
    fc.assert(
      fc.property(fc.array(fc.array(text, { minLength: 3, maxLength: 3 }), { minLength: 1 }), (rows) => {
        const isFormula = (cell: string): boolean => triggers.some((trigger) => cell.startsWith(trigger))
        const expected = rows.map((row) => row.map((cell) => (isFormula(cell) ? `'${cell}` : cell)))
        expect(read(rows.map(csvLine).join(''))).toEqual(expected)
      }),
      { numRuns: 2_000 },
    )
  })

  test('has no cell that a spreadsheet would take for a formula, whatever is written', () => {
    fc.assert(
      fc.property(text, (cell) => {
        expect(read(csvLine([1, cell]))[0]?.[1]?.slice(0, 1)).not.toSatisfy((first) => triggers.includes(String(first)))
      }),
      { numRuns: 2_000 },
    )
  })

  test('has quotes around texts alone, doubled ones within them, numbers as they are, and nothing for null', () => {
    expect(csvLine([1, 'say "hi", twice\r\nor not', null, 58.54, ''])).toBe(
      '1,"say ""hi"", twice\r\nor not",,58.54,""\r\n',
    )
    expect(csvLine(['=1+1', '＝1+1', "'quoted", '1-1'])).toBe(`"'=1+1","'＝1+1","'quoted","1-1"\r\n`)
  })
})
