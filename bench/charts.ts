// npm run bench:charts: draws the accepted runs of bench/results/ as docs/charts/*.svg, and writes their figures into the table
// of docs/performance.md. What was not measured is not shown.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { drawGrowth } from './charts/growth-chart.ts'
import { drawLatencies } from './charts/percentile-chart.ts'
import { drawCosts, drawRates } from './charts/ratio-chart.ts'
import { figuresTable, placeBetweenMarks } from './charts/figures-table.ts'
import type { Result } from './bench.ts'

const resultsFolder = join(import.meta.dirname, 'results')
const chartsFolder = join(import.meta.dirname, '../docs/charts')
const page = join(import.meta.dirname, '../docs/performance.md')
/** The way of a vote; what is not here stands behind it. */
const order = [
  'accept',
  'bulk',
  'drain',
  'fan-out',
  'latency',
  'read',
  'storm',
  'whole-way',
  'embedded',
  'export',
  'growth',
  'soak',
]

/** The accepted runs, in the order in which a vote meets what they measure. */
function readResults(): readonly Result[] {
  const placeOf = ({ stage }: Result): number => (order.includes(stage) ? order.indexOf(stage) : order.length)
  return (
    readdirSync(resultsFolder)
      .filter((name) => name.endsWith('.json'))
      .toSorted()
      // What the benchmark wrote.
      .map((name) => JSON.parse(readFileSync(join(resultsFolder, name), 'utf8')) as Result)
      .toSorted((a, b) => placeOf(a) - placeOf(b))
  )
}

const results = readResults()
const charts: readonly (readonly [name: string, svg: string | null])[] = [
  ['rates', drawRates(results)],
  ['costs', drawCosts(results)],
  ['latencies', drawLatencies(results)],
  ...results.map((result) => [result.stage, drawGrowth(result)] as const),
]
mkdirSync(chartsFolder, { recursive: true })
for (const [name, svg] of charts) {
  if (svg === null) continue
  writeFileSync(join(chartsFolder, `${name}.svg`), svg)
  console.log(`docs/charts/${name}.svg`)
}
writeFileSync(page, placeBetweenMarks(readFileSync(page, 'utf8'), figuresTable(results)))
console.log('docs/performance.md')
