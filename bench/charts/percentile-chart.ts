import type { Percentiles } from '../figure.ts'
import type { Result } from '../bench.ts'
import { formatNumber } from '../report.ts'
import { drawSheet, element, label, line, lineClass } from './drawing.ts'
import { logScale } from './scale.ts'

const width = 900
const plot = { left: 74, right: 560, top: 92 }
const plotHeightMin = 280
/** A name takes two lines. */
const nameHeight = 38
/** Where the slowest of all stands, which has no place on the scale of the others. */
const slowestAt = 99.99

type Curve = { readonly name: string; readonly points: readonly (readonly [percent: number, ms: number])[] }

/** How long an answer takes, for the usual request and for the unlucky one. Null where no latency was measured. */
export function drawLatencies(
  results: readonly Pick<Result, 'stage' | 'latenciesMs'>[],
  title = 'Latency',
): string | null {
  const curves = results.flatMap(({ stage, latenciesMs = {} }) =>
    Object.entries(latenciesMs).map(([name, percentiles]) => curveOf(`${stage}: ${name}`, percentiles)),
  )
  const times = curves.flatMap(({ points }) => points.map(([, ms]) => ms))
  if (times.length === 0) return null
  const bottom = plot.top + Math.max(plotHeightMin, curves.length * nameHeight)
  const y = logScale(Math.min(...times), Math.max(...times), bottom, plot.top)
  const percents = [50, 75, 90, 95, 99, 99.9, 100]
  return drawSheet({
    width,
    height: bottom + 58,
    title,
    description: curves.map(describeCurve).join(' '),
    marks: [
      label(28, 40, title, { class: 'head' }),
      label(28, 62, 'Milliseconds within which so many of a hundred are answered or shown; both scales logarithmic.', {
        class: 'muted',
      }),
      ...y.ticks.flatMap((tick) => [
        line(plot.left, y.at(tick), plot.right, y.at(tick), 'grid'),
        label(plot.left - 10, y.at(tick) + 4, `${tick.toLocaleString('en')} ms`, {
          class: 'small muted number',
          'text-anchor': 'end',
        }),
      ]),
      ...percents.flatMap((percent) => [
        line(placeOf(percent), plot.top, placeOf(percent), bottom, 'grid'),
        label(placeOf(percent), bottom + 20, percent === 100 ? 'max' : `p${percent}`, {
          class: 'small muted number',
          'text-anchor': 'middle',
        }),
      ]),
      ...curves.flatMap((curve, index) => drawCurve(curve, index, y.at)),
      ...drawNames(curves, y.at, bottom),
    ],
  })
}

function curveOf(name: string, percentiles: Percentiles): Curve {
  return {
    name,
    // Nothing is answered in no time; what is below the clock's step would have no place on this scale.
    points: Object.entries(percentiles).map(([percent, ms]) => [Number(percent.slice(1)), Math.max(ms, 0.01)]),
  }
}

/** Each nine as wide as the next one. */
function placeOf(percent: number): number {
  const nines = (one: number): number => -Math.log10(1 - Math.min(one, slowestAt) / 100)
  return plot.left + ((nines(percent) - nines(50)) / (nines(slowestAt) - nines(50))) * (plot.right - plot.left)
}

function drawCurve({ points }: Curve, index: number, at: (ms: number) => number): readonly string[] {
  const path = points.map(
    ([percent, ms], step) => `${step === 0 ? 'M' : 'L'}${round(placeOf(percent))} ${round(at(ms))}`,
  )
  return [
    element('path', { d: path.join(' '), class: `line ${lineClass(index)}` }),
    ...points.map(([percent, ms]) =>
      element('circle', { cx: placeOf(percent), cy: at(ms), r: 3.5, class: `dot fill ${lineClass(index)}` }),
    ),
  ]
}

/** Beside the end of each curve, moved apart where they would lie on one another. */
function drawNames(curves: readonly Curve[], at: (ms: number) => number, bottom: number): readonly string[] {
  const named = curves
    .map((curve, index) => ({ curve, index, y: at(curve.points.at(-1)?.[1] ?? 1) }))
    .toSorted((a, b) => a.y - b.y)
  let above = plot.top - nameHeight
  for (const one of named) above = one.y = Math.max(one.y, above + nameHeight)
  let below = bottom + nameHeight
  for (const one of named.toReversed()) below = one.y = Math.min(one.y, below - nameHeight)
  return named.flatMap(({ curve, index, y }) => {
    const [p50 = 0, p99 = 0] = [50, 99].map((percent) => curve.points.find(([one]) => one === percent)?.[1])
    return [
      element('circle', { cx: plot.right + 20, cy: y - 4, r: 4, class: `fill ${lineClass(index)}` }),
      label(plot.right + 31, y, curve.name, { class: 'small stage' }),
      label(plot.right + 31, y + 15, `p50 ${formatNumber(p50)} ms · p99 ${formatNumber(p99)} ms`, {
        class: 'small muted number',
      }),
    ]
  })
}

function describeCurve({ name, points }: Curve): string {
  const said = points.map(([percent, ms]) => `${percent === 100 ? 'at most' : `p${percent}`} ${formatNumber(ms)} ms`)
  return `${name}: ${said.join(', ')}.`
}

function round(value: number): number {
  if (!Number.isFinite(value)) throw new Error(`a chart cannot show ${value}`)
  return Math.round(value * 10) / 10
}
