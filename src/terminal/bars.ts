import { formatNumber } from './format-number.ts'
import type { Space } from './space.ts'
import { fitText, widthOf } from './text-width.ts'

const barWidthMax = 48
/** A narrower bar says less than the number beside it. */
const barWidthMin = 4
const textShareMax = 0.4
const percentWidth = '100.0 %'.length
const gap = 2
const eighths = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉']

/** `votes` null: they are hidden from whoever looks. */
export type Bar = { readonly text: string; readonly votes: number | null }

/**
 * A line for each option: its text, a bar as long as its share of all votes, its votes and that share in percent. Narrower than the space, from 30 columns on.
 * `total` is the number of votes, which those of a multiple choice together may exceed.
 */
export function drawBars(bars: readonly Bar[], total: number, space: Pick<Space, 'columns' | 'isColoured'>): string[] {
  const counts = bars.map(({ votes }) => (votes === null ? '' : formatNumber(votes)))
  const votesWidth = Math.max(0, ...counts.map((count) => count.length))
  const free = space.columns - 1 - (gap + gap + votesWidth + gap + percentWidth)
  const longest = Math.max(0, ...bars.map(({ text }) => widthOf(text)))
  const widthForText = Math.max(1, Math.min(longest, free, Math.max(8, Math.floor(space.columns * textShareMax))))
  const left = Math.min(barWidthMax, free - widthForText - gap)
  const barWidth = left < barWidthMin ? 0 : left
  return bars.map(({ text, votes }, index) => {
    if (votes === null) return `${' '.repeat(gap)}${fitText(text, Math.min(longest, space.columns - 1 - gap))}`
    const share = total === 0 ? 0 : Math.min(1, votes / total)
    const percent = total === 0 ? '' : `${(share * 100).toFixed(1)} %`
    const bar = barWidth === 0 ? [] : [paint(drawBar(share, barWidth), space.isColoured)]
    const numbers = [(counts[index] ?? '').padStart(votesWidth), percent.padStart(percentWidth)]
    return ['', fitText(text, widthForText), ...bar, ...numbers].join(' '.repeat(gap))
  })
}

function drawBar(share: number, width: number): string {
  const parts = Math.round(share * width * eighths.length)
  const bar = '█'.repeat(Math.floor(parts / eighths.length)) + (eighths[parts % eighths.length] ?? '')
  return bar.padEnd(width)
}

function paint(bar: string, isColoured: boolean): string {
  return isColoured ? `\u001B[36m${bar}\u001B[39m` : bar
}

/** Those that have room: all in their order, or of too many the most voted ones. */
export function pickBars(bars: readonly Bar[], countMax: number): readonly Bar[] {
  if (bars.length <= countMax) return bars
  return bars.toSorted((a, b) => (b.votes ?? 0) - (a.votes ?? 0)).slice(0, Math.max(1, countMax))
}
