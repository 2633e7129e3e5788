import { stripVTControlCharacters } from 'node:util'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { drawBars, pickBars } from '../../src/terminal/bars.ts'
import { createBlock } from '../../src/terminal/block.ts'
import { printable } from '../../src/terminal/printable.ts'
import { spaceOf } from '../../src/terminal/space.ts'
import { fitText, widthOf } from '../../src/terminal/text-width.ts'

const drinks = [
  { text: 'Tea', votes: 1_234 },
  { text: 'Coffee', votes: 617 },
  { text: 'Water', votes: 0 },
]
const plain = (columns: number) => ({ columns, isColoured: false })

describe('bars', () => {
  test('a bar is as long as the share of its votes in all votes', () => {
    expect(drawBars(drinks, 1_851, plain(60))).toEqual([
      '  Tea     ██████████████████████             1,234   66.7 %',
      '  Coffee  ███████████                          617   33.3 %',
      '  Water                                          0    0.0 %',
    ])
  })

  test('a bar is drawn to an eighth of a cell', () => {
    const barOf = (votes: number): string =>
      /[▏▎▍▌▋▊▉█]+/.exec(drawBars([{ text: 'Tea', votes }], 320, plain(60)).join(''))?.[0] ?? ''
    expect(barOf(1)).toBe('▏')
    expect(barOf(319)).toBe(`${'█'.repeat(37)}▉`)
  })

  test('before the first vote there are neither bars nor shares', () => {
    const lines = drawBars([{ text: 'Tea', votes: 0 }], 0, plain(40))
    expect(lines.join('')).not.toMatch(/[█%]/)
  })

  test('hidden counts are not drawn as none', () => {
    expect(drawBars([{ text: 'Tea', votes: null }], 0, plain(40))).toEqual(['  Tea'])
  })

  test('they keep to the width of the window, whatever the texts and however many votes', () => {
    const bar = fc.record({
      text: fc.string({ unit: 'grapheme', maxLength: 200 }).map(printable),
      votes: fc.option(fc.nat({ max: 9_999_999 })),
    })
    fc.assert(
      fc.property(
        fc.array(bar, { minLength: 1, maxLength: 12 }),
        fc.integer({ min: 30, max: 300 }),
        (bars, columns) => {
          const total = bars.reduce((most, { votes }) => Math.max(most, votes ?? 0), 0)
          for (const line of drawBars(bars, total, { columns, isColoured: true })) {
            expect(widthOf(stripVTControlCharacters(line))).toBeLessThan(columns)
          }
        },
      ),
    )
  })

  test('a single vote of a multiple choice can be for everything: no share is more than the whole', () => {
    const [line = ''] = drawBars([{ text: 'Tea', votes: 3 }], 2, plain(60))
    expect(line).toContain('100.0 %')
  })

  test('they have a colour only where they may', () => {
    expect(drawBars(drinks, 1_851, { columns: 60, isColoured: true })[0]).toContain('\u001B[36m')
    expect(drawBars(drinks, 1_851, plain(60)).join('')).not.toContain('\u001B')
  })

  test('of more than there is room for, those with the most votes are left; else all stay in their order', () => {
    expect(pickBars(drinks, 3)).toEqual(drinks)
    const reversed = drinks.toReversed()
    expect(pickBars(reversed, 2).map(({ text }) => text)).toEqual(['Tea', 'Coffee'])
    expect(pickBars(reversed, -4).map(({ text }) => text)).toEqual(['Tea'])
  })
})

describe('texts', () => {
  test('wide characters take two cells, and what belongs together is never cut apart', () => {
    expect([widthOf('Tee'), widthOf('茶'), widthOf('お茶'), widthOf('🫖'), widthOf('é')]).toEqual([3, 2, 4, 2, 1])
    expect(fitText('Tea', 5)).toBe('Tea  ')
    expect(fitText('Coffee', 4)).toBe('Cof…')
    expect(fitText('お茶です', 4)).toBe('お… ')
  })

  test('a text fills exactly the cells that it is given', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), fc.integer({ min: 1, max: 80 }), (text, width) => {
        expect(widthOf(fitText(text, width))).toBe(width)
      }),
    )
  })
})

describe('a block of lines', () => {
  const record = (columns: number) => {
    const written: string[] = []
    const output = { isTTY: true, columns, rows: 24, write: (text: string) => void written.push(text) }
    return { output, written, block: createBlock(output) }
  }

  test('is drawn over the one before, and what it leaves stays', () => {
    const { block, written } = record(80)
    block.draw(['one', 'two'])
    block.draw(['three'])
    block.leave()
    block.draw(['four'])
    expect(written.map((text) => text.slice(0, 4))).toEqual(['one\u001B', '\u001B[2A', 'four'])
  })

  test('is found again where a window that was made narrower has broken its lines', () => {
    const { output, block, written } = record(80)
    block.draw(['\u001B[36m' + 'x'.repeat(50) + '\u001B[39m', 'y'.repeat(20), ''])
    output.columns = 20
    block.draw(['x'])
    expect(written[1]?.startsWith('\u001B[5A')).toBe(true)
  })
})

describe('what there is to write on', () => {
  test('only a terminal that can is written over, and coloured', () => {
    const write = (): void => undefined
    const terminal = { write, isTTY: true, columns: 100, rows: 30, hasColors: () => true }
    expect(spaceOf(terminal, {})).toEqual({ isLive: true, isColoured: true, columns: 100, rows: 30 })
    expect(spaceOf(terminal, { TERM: 'dumb' }).isLive).toBe(false)
    expect(spaceOf({ ...terminal, hasColors: () => false }, {}).isColoured).toBe(false)
    expect(spaceOf({ write }, {})).toEqual({ isLive: false, isColoured: false, columns: 80, rows: 24 })
    expect(spaceOf({ ...terminal, columns: 0, rows: 0 }, {})).toMatchObject({ columns: 80, rows: 24 })
  })

  test('a text of a stranger moves no cursor and turns no line around', () => {
    expect(printable('Tea\u001B[2J\n\u202eeeffoC')).toBe('Tea\u{fffd}[2J\u{fffd}\u{fffd}eeffoC')
  })
})
