// npm run bench:simulate: plays the design at a million votes a second with the costs that the accepted runs of bench/results/ measured, and
// writes what comes out into docs/scaling.md, docs/charts/ and bench/simulation/played.json. Nothing of it is a measurement.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Result } from './bench.ts'
import { placeBetweenMarks } from './charts/figures-table.ts'
import { drawGrowth } from './charts/growth-chart.ts'
import { drawLatencies } from './charts/percentile-chart.ts'
import { givenBy, keptPath, marksOf, readResults, tablesOf } from './simulation/played.ts'
import { type Played, runSimulation } from './simulation/run-simulation.ts'
import { checksOf, type Scenario, scenariosOf } from './simulation/scenarios.ts'

const chartsFolder = join(import.meta.dirname, '../docs/charts')
const page = join(import.meta.dirname, '../docs/scaling.md')

const results = readResults()
const checks = checksOf(results).map((check) => {
  console.log(`${check.stage}: ${check.what}`)
  return [check, runSimulation(check.happening)] as const
})
const scenarios = scenariosOf(results).map((scenario) => {
  console.log(scenario.name)
  return [scenario, runSimulation(scenario.happening)] as const
})

/** What two lines for each would crowd. */
const drawnMost = 3
const latencies = scenarios.slice(0, drawnMost).map(([{ name }, { answered, shown }]) => ({
  stage: name,
  latenciesMs: { '202': answered, shown },
}))
const failed = scenarios.find(([{ happening }]) => happening.failure !== undefined)
writeChart('simulation-latencies', drawLatencies(latencies, 'Latency, simulated'))
writeChart(
  'simulation-failure',
  failed === undefined ? null : drawGrowth({ stage: `simulated: ${failed[0].name}`, series: rowsOf(failed) }),
)

const played = {
  checks: checks.map(([, run]) => shorten(run)),
  scenarios: scenarios.map(([, run]) => shorten(run)),
}
writeFileSync(keptPath, `${JSON.stringify({ given: givenBy(results), ...played }, null, 2)}\n`)
let text = readFileSync(page, 'utf8')
for (const [name, table] of Object.entries(tablesOf(results, played))) {
  text = placeBetweenMarks(text, table, marksOf(name))
}
writeFileSync(page, text)
console.log('docs/scaling.md')

function rowsOf([, { seconds }]: readonly [Scenario, Played]): NonNullable<Result['series']> {
  return seconds.map(({ second, accepted, refused, recorded, oldestUnrecordedMs, answered, shown }) => ({
    second,
    'accepted votes/s': accepted,
    'answered 503/s': refused,
    'recorded votes/s': recorded,
    'oldest vote that is not recorded, ms': oldestUnrecordedMs,
    'p99 to the 202, ms': answered['p99'] ?? 0,
    'p99 to viewers, ms': shown['p99'] ?? 0,
  }))
}

/** What is drawn second by second is in the charts. */
function shorten(run: Played): Played {
  return { ...run, seconds: run.seconds.slice(-1) }
}

function writeChart(name: string, svg: string | null): void {
  if (svg === null) return
  writeFileSync(join(chartsFolder, `${name}.svg`), svg)
  console.log(`docs/charts/${name}.svg`)
}
