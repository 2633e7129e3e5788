import { styleText } from 'node:util'

const barWidth = 36
const plainEveryMs = 1_000
const eighths = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉']
const clearLine = '\u001B[2K'

export type Bar = { readonly text: string; readonly votes: number }

export type Screen = {
  print(text: string): void
  /** Shows bars and a line below them: in a terminal over the last ones, elsewhere as a line now and then. */
  show(bars: readonly Bar[], status: string): void
  /** What is shown last stays. */
  settle(bars: readonly Bar[], status: string): void
}

type Output = Pick<NodeJS.WriteStream, 'write'> & { readonly isTTY?: boolean; readonly columns?: number }

export function createScreen(output: Output): Screen {
  const isLive = output.isTTY === true
  let drawnLines = 0
  let printedAt = Number.NEGATIVE_INFINITY

  function draw(bars: readonly Bar[], status: string): void {
    const lines = ['', ...drawBars(bars), '', status].map((line) => `${clearLine}${line}\n`)
    const up = drawnLines === 0 ? '' : `\u001B[${drawnLines}A`
    output.write(`${up}${lines.join('')}`)
    drawnLines = lines.length
  }

  function writePlain(bars: readonly Bar[], status: string): void {
    printedAt = performance.now()
    output.write(`${status}  |  ${bars.map(({ text, votes }) => `${text} ${formatNumber(votes)}`).join(', ')}\n`)
  }

  return {
    print: (text) => void output.write(`${text}\n`),
    show(bars, status) {
      if (isLive) draw(bars, status)
      else if (performance.now() - printedAt >= plainEveryMs) writePlain(bars, status)
    },
    settle(bars, status) {
      if (isLive) draw(bars, status)
      else writePlain(bars, status)
      drawnLines = 0
    },
  }
}

function drawBars(bars: readonly Bar[]): readonly string[] {
  const total = bars.reduce((sum, { votes }) => sum + votes, 0)
  const most = Math.max(1, ...bars.map(({ votes }) => votes))
  const textWidth = Math.max(...bars.map(({ text }) => text.length))
  const votesWidth = Math.max(5, ...bars.map(({ votes }) => formatNumber(votes).length))
  return bars.map(({ text, votes }) => {
    const percent = total === 0 ? '' : `${((votes / total) * 100).toFixed(1)} %`
    const bar = styleText('cyan', drawBar(votes / most).padEnd(barWidth))
    return `  ${text.padEnd(textWidth)}  ${bar}  ${formatNumber(votes).padStart(votesWidth)}  ${percent.padStart(6)}`
  })
}

function drawBar(share: number): string {
  const parts = Math.round(share * barWidth * eighths.length)
  return '█'.repeat(Math.floor(parts / eighths.length)) + (eighths[parts % eighths.length] ?? '')
}

/** 12345 as 12,345. */
export function formatNumber(number: number): string {
  return Math.round(number).toLocaleString('en-GB')
}
