import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { BATCH_LIMITS } from '../../src/application/cast-vote/batch-calls.ts'
import { READING_LIMITS } from '../../src/application/cast-vote/late-reading.ts'
import { PACE_LIMITS } from '../../src/application/record-votes/pace-reads.ts'
import { viewersPerSlice } from '../../src/application/watch-poll/tell-viewers.ts'
import type { Result } from '../bench.ts'
import { costFigures } from './assumptions.ts'
import type { Happening, Played } from './run-simulation.ts'
import { checksOf, plainCosts, scenariosOf } from './scenarios.ts'
import { checksTable, costsTable, scenariosTable } from './tables.ts'

/** What was played last, and with what. Kept as a file, so that a test sees where the code, its costs or the document went on without it. */
export type Kept = {
  readonly given: unknown
  readonly checks: readonly Played[]
  readonly scenarios: readonly Played[]
}

export const keptPath = join(import.meta.dirname, 'played.json')

export function readResults(): readonly Result[] {
  const folder = join(import.meta.dirname, '../results')
  return (
    readdirSync(folder)
      .toSorted()
      // What the benchmark wrote.
      .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Result)
  )
}

/** All that decides how the runs end, but for the simulation itself; as JSON has it. */
export function givenBy(results: readonly Result[]): unknown {
  const sizes = [10_000, 1_000_000, 10_000_000]
  const tell = ({ costs, ...rest }: Happening) => ({
    ...rest,
    costs: { ...costs, ledger: sizes.map(costs.postgres.vote) },
  })
  const given = {
    code: { batch: BATCH_LIMITS, reading: READING_LIMITS, pace: PACE_LIMITS, viewersPerSlice },
    costFigures,
    checks: checksOf(results).map(({ happening }) => tell(happening)),
    scenarios: scenariosOf(results).map(({ happening }) => tell(happening)),
  }
  return JSON.parse(JSON.stringify(given))
}

/** The tables of docs/scaling.md by the names of their places. */
export function tablesOf(results: readonly Result[], { checks, scenarios }: Omit<Kept, 'given'>) {
  return {
    costs: costsTable(plainCosts(results)),
    checks: checksTable(pair(checksOf(results), checks)),
    scenarios: scenariosTable(pair(scenariosOf(results), scenarios)),
  }
}

export function marksOf(name: string): { readonly begin: string; readonly end: string } {
  return {
    begin: `<!-- ${name}: npm run bench:simulate writes what stands between these marks -->`,
    end: `<!-- end of ${name} -->`,
  }
}

function pair<Asked>(asked: readonly Asked[], played: readonly Played[]): readonly (readonly [Asked, Played])[] {
  return asked.flatMap((one, index) => {
    const found = played[index]
    return found === undefined ? [] : [[one, found] as const]
  })
}
