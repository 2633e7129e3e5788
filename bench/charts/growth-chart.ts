import type { Result } from '../bench.ts'
import { formatNumber } from '../report.ts'
import { drawSheet, element, label, line, lineClass } from './drawing.ts'
import { linearScale, logScale, type Scale } from './scale.ts'

const width = 900
const marginX = 28
const panelHeight = 170
const panelGap = 62
const plotLeft = 110
/** A series that reaches so many times as far as it begins is one of powers of ten, and drawn so. */
const wideFrom = 50

type Row = Readonly<Record<string, number | string>>

/**
 * A series of measurements, one panel per column over the first one, each with a scale of its own from 0: what grows, what
 * stays, and what does not. Null for a benchmark without a series of at least two.
 */
export function drawGrowth({ stage, series = [] }: Pick<Result, 'stage' | 'series'>): string | null {
  const [first] = series
  if (first === undefined || series.length < 2) return null
  const [along = '', ...columns] = Object.keys(first).filter((name) =>
    series.every((row) => typeof row[name] === 'number'),
  )
  if (columns.length === 0) return null
  const title = `${stage}, over ${along}`
  const panels = columns.map((column, index) =>
    drawPanel(series, along, column, index, 92 + index * (panelHeight + panelGap)),
  )
  return drawSheet({
    width,
    height: 92 + columns.length * (panelHeight + panelGap) - 16,
    title,
    description: columns.map((column) => describeColumn(series, along, column)).join(' '),
    marks: [label(marginX, 40, title, { class: 'head' }), ...panels.flat()],
  })
}

function drawPanel(
  series: readonly Row[],
  along: string,
  column: string,
  index: number,
  top: number,
): readonly string[] {
  const bottom = top + panelHeight
  const x = scaleAlong(series, along)
  const y = linearScale(most(series, column), bottom, top, 4)
  const points = series.map((row) => [x.at(Number(row[along])), y.at(Number(row[column]))] as const)
  const path = points.map(([atX, atY], step) => `${step === 0 ? 'M' : 'L'}${atX.toFixed(1)} ${atY.toFixed(1)}`)
  return [
    label(marginX, top - 14, column, { class: 'stage' }),
    ...y.ticks.flatMap((tick) => [
      line(plotLeft, y.at(tick), width - marginX - 40, y.at(tick), 'grid'),
      label(plotLeft - 10, y.at(tick) + 4, formatAxis(tick), { class: 'small muted number', 'text-anchor': 'end' }),
    ]),
    ...x.ticks.map((tick) =>
      label(x.at(tick), bottom + 18, formatAxis(tick), { class: 'small muted number', 'text-anchor': 'middle' }),
    ),
    element('path', { d: path.join(' '), class: `line ${lineClass(index)}` }),
    ...points.map(([cx, cy]) => element('circle', { cx, cy, r: 3.5, class: `dot fill ${lineClass(index)}` })),
  ]
}

function scaleAlong(series: readonly Row[], along: string): Scale {
  const [from, to] = [plotLeft, width - marginX - 40]
  const least = Math.min(...series.map((row) => Number(row[along])))
  const last = most(series, along)
  return least > 0 && last / least >= wideFrom ? logScale(least, last, from, to) : linearScale(last, from, to, 6)
}

function most(series: readonly Row[], column: string): number {
  return Math.max(...series.map((row) => Number(row[column])))
}

function describeColumn(series: readonly Row[], along: string, column: string): string {
  const said = series.map((row) => `${formatNumber(Number(row[column]))} at ${formatNumber(Number(row[along]))}`)
  return `${column} over ${along}: ${said.join(', ')}.`
}

function formatAxis(value: number): string {
  return value.toLocaleString('en', { maximumFractionDigits: 2 })
}
