import { type Bar, drawBars } from '../terminal/bars.ts'
import { createBlock } from '../terminal/block.ts'
import { formatNumber } from '../terminal/format-number.ts'
import { type Output, spaceOf } from '../terminal/space.ts'

const plainEveryMs = 1_000

/** An option and its votes, which nobody hides from the demo. */
export type Count = Bar & { readonly votes: number }

export type Screen = {
  print(text: string): void
  /** Shows bars and a line below them: in a terminal over the last ones, elsewhere as a line now and then. */
  show(counts: readonly Count[], status: string): void
  /** What is shown last stays. */
  settle(counts: readonly Count[], status: string): void
}

export function createScreen(output: Output): Screen {
  const { isLive } = spaceOf(output)
  const block = createBlock(output)
  let printedAt = Number.NEGATIVE_INFINITY

  function draw(counts: readonly Count[], status: string): void {
    const total = counts.reduce((sum, { votes }) => sum + votes, 0)
    block.draw(['', ...drawBars(counts, total, spaceOf(output)), '', status])
  }

  function writePlain(counts: readonly Count[], status: string): void {
    printedAt = performance.now()
    output.write(`${status}  |  ${counts.map(({ text, votes }) => `${text} ${formatNumber(votes)}`).join(', ')}\n`)
  }

  return {
    print: (text) => void output.write(`${text}\n`),
    show(counts, status) {
      if (isLive) draw(counts, status)
      else if (performance.now() - printedAt >= plainEveryMs) writePlain(counts, status)
    },
    settle(counts, status) {
      if (isLive) draw(counts, status)
      else writePlain(counts, status)
      block.leave()
    },
  }
}
