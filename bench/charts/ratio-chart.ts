import { type Figure, isMet } from '../figure.ts'
import type { Result } from '../bench.ts'
import { formatNumber } from '../report.ts'
import { drawSheet, element, label, line } from './drawing.ts'
import { linearScale, type Scale } from './scale.ts'

const width = 900
const marginX = 28
const plotFromMin = 290
/** About; the text is drawn in whatever font the reader has. */
const characterWidth = 7.2
const plotTo = 640
const rowHeight = 25
const barHeight = 11

type Row = { readonly stage: string; readonly figure: Figure; readonly ratio: number }

/** Rates of the product as shares of the floor's; more is better. Null where nothing of this kind was measured. */
export function drawRates(results: readonly Result[]): string | null {
  return drawRatios({
    title: 'Rates against the floor',
    note: 'How much of the rate of the barest program that does the same work; 1 is that program.',
    rows: rowsOf(results, isRate),
  })
}

/** What an operation costs, as a multiple of the floor's cost; less is better. */
export function drawCosts(results: readonly Result[]): string | null {
  return drawRatios({
    title: 'Cost against the floor',
    note: 'Processor time of one operation, in floors: 1 is what the barest program needs for the same work.',
    rows: rowsOf(results, (figure) => !isRate(figure)),
  })
}

function isRate({ unit }: Figure): boolean {
  return unit.endsWith('/s')
}

function rowsOf(results: readonly Result[], isWanted: (figure: Figure) => boolean): readonly Row[] {
  return results.flatMap(({ stage, figures }) =>
    figures.flatMap((figure) =>
      figure.ratio !== null && isWanted(figure) ? [{ stage, figure, ratio: figure.ratio }] : [],
    ),
  )
}

function drawRatios(chart: {
  readonly title: string
  readonly note: string
  readonly rows: readonly Row[]
}): string | null {
  const { title, note, rows } = chart
  if (rows.length === 0) return null
  const most = Math.max(1, ...rows.map(({ ratio, figure }) => Math.max(ratio, goalOf(figure) ?? 0)))
  const longest = Math.max(...rows.map(({ figure }) => figure.what.length))
  const scale = linearScale(most, Math.max(plotFromMin, marginX + 12 + longest * characterWidth), plotTo, 4)
  const top = 96
  const marks: string[] = []
  let y = top
  let stage = ''
  for (const row of rows) {
    if (row.stage !== stage) {
      if (stage !== '') y += 12
      stage = row.stage
      marks.push(label(marginX, y + 13, stage, { class: 'stage' }))
      y += rowHeight - 2
    }
    marks.push(...drawRow(row, y, scale))
    y += rowHeight
  }
  const bottom = y + 6
  return drawSheet({
    width,
    height: bottom + 34,
    title,
    description: rows.map(describeRow).join(' '),
    marks: [
      label(marginX, 40, title, { class: 'head' }),
      label(marginX, 62, note, { class: 'muted' }),
      ...scale.ticks.flatMap((tick) => [
        line(scale.at(tick), top - 6, scale.at(tick), bottom, 'grid'),
        label(scale.at(tick), bottom + 16, formatTick(tick), { class: 'small muted number', 'text-anchor': 'middle' }),
      ]),
      ...marks,
      line(scale.at(1), top - 10, scale.at(1), bottom, 'floor'),
      label(scale.at(1), top - 14, 'floor', { class: 'small', 'text-anchor': 'middle' }),
      ...drawLegend(bottom + 16),
    ],
  })
}

function drawRow({ figure, ratio }: Row, y: number, scale: Scale): readonly string[] {
  const middle = y + 9
  const goal = goalOf(figure)
  const met = isMet(figure)
  const look = met === null ? 'aimless' : met ? 'met' : 'missed'
  const bar = { x: scale.at(0), y: middle - barHeight / 2, height: barHeight, rx: 2 }
  return [
    label(marginX + 12, middle + 4, figure.what),
    element('rect', { ...bar, width: scale.at(ratio) - scale.at(0), class: look }),
    ...(goal === null ? [] : [line(scale.at(goal), middle - 9, scale.at(goal), middle + 9, 'goal')]),
    label(plotTo + 20, middle + 4, `${ratio.toFixed(2)} x`, { class: 'stage number' }),
    label(plotTo + 72, middle + 4, `${formatNumber(figure.value)} ${figure.unit}`, { class: 'small number' }),
    ...(met === false
      ? [label(width - marginX, middle + 4, 'missed', { class: 'small missed', 'text-anchor': 'end' })]
      : []),
  ]
}

function drawLegend(y: number): readonly string[] {
  return [
    line(marginX + 4, y - 11, marginX + 4, y + 3, 'goal'),
    label(marginX + 14, y, 'goal', { class: 'small muted' }),
  ]
}

function goalOf({ goal }: Figure): number | null {
  if (goal === null) return null
  return 'atMost' in goal ? goal.atMost : goal.atLeast
}

function describeRow({ stage, figure, ratio }: Row): string {
  const met = isMet(figure)
  const judged = met === null ? '' : met ? ', goal met' : ', goal missed'
  return `${stage}, ${figure.what}: ${ratio.toFixed(2)} times the floor (${formatNumber(figure.value)} ${figure.unit})${judged}.`
}

function formatTick(tick: number): string {
  return String(Math.round(tick * 100) / 100)
}
