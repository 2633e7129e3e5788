import { stripVTControlCharacters } from 'node:util'
import { type Output, spaceOf } from './space.ts'
import { widthOf } from './text-width.ts'

const clearToEndOfLine = '\u001B[K'
const clearBelow = '\u001B[J'

/** The last lines of a terminal, drawn over again and again. */
export type Block = {
  readonly draw: (lines: readonly string[]) => void
  /** What is drawn stays; the next lines come below it. */
  readonly leave: () => void
}

export function createBlock(output: Output): Block {
  let drawnWidths: readonly number[] = []

  /** A window that was made narrower has broken the lines that stand in it. */
  function rowsOfDrawn(): number {
    const { columns } = spaceOf(output)
    return drawnWidths.reduce((sum, width) => sum + Math.max(1, Math.ceil(width / columns)), 0)
  }

  return {
    draw(lines) {
      const rows = rowsOfDrawn()
      const up = rows === 0 ? '' : `\u001B[${rows}A`
      output.write(`${up}${lines.map((line) => `${line}${clearToEndOfLine}\n`).join('')}${clearBelow}`)
      drawnWidths = lines.map((line) => widthOf(stripVTControlCharacters(line)))
    },
    leave: () => void (drawnWidths = []),
  }
}
