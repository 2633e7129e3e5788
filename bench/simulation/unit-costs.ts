import type { Outcome } from '../figure.ts'
import { costFigures as sizes } from './assumptions.ts'

/** What one of each costs, in milliseconds of processor time, all as on one machine. */
export type UnitCosts = {
  readonly api: { readonly vote: number; readonly batch: number; readonly frame: number; readonly news: number }
  readonly redis: { readonly vote: number; readonly batch: number }
  readonly worker: { readonly vote: number; readonly entry: number; readonly commit: number }
  /** A vote costs more where its poll has many already. */
  readonly postgres: { readonly vote: (votesInPoll: number) => number; readonly commit: number }
}

/** What a benchmark has left behind. */
export type Measured = Pick<Outcome, 'figures' | 'series'> & {
  readonly stage: string
  readonly machine: Readonly<Record<string, string | number>>
}

/** Benchmarks that measured what a bare POST costs on their machine, by which costs of one machine become those of another. */
const bare = 'node:http POST'

/** What the benchmarks measured, on the machine whose processor is named so. Throws where a figure is missing. */
export function unitCostsOf(results: readonly Measured[], cpu: string): UnitCosts {
  const find = (stage: string): Measured => {
    const result = results.find((one) => one.stage === stage)
    if (result === undefined) throw new Error(`there is no accepted run of ${stage}`)
    return result
  }
  const figure = (stage: string, what: string): number => {
    const result = find(stage)
    return (figureOf(result, what) * bareMsOn(results, cpu)) / bareMsOn(results, cpuOf(result)) / 1000
  }
  const api = line(
    [sizes.callsPerBatch.accept, figure('accept', 'CPU of the api')],
    [sizes.callsPerBatch.wholeWay, figure('whole-way', 'CPU of api')],
  )
  const redis = line(
    [sizes.callsPerBatch.bulk, figure('bulk', 'CPU of redis')],
    [sizes.callsPerBatch.wholeWay, figure('whole-way', 'CPU of redis')],
  )
  const worker = line(
    [sizes.callsPerBatch.bulk, figure('drain', 'CPU of the worker')],
    [16, figure('drain', 'CPU of the worker, entries of 16')],
  )
  const scale = bareMsOn(results, cpu) / bareMsOn(results, cpuOf(find('growth')))
  const inLedger = rowsOf(find('growth'), 'CPU of PostgreSQL, us/vote').map(
    ([votes, us]) => [votes, (us * scale) / 1000] as const,
  )
  const postgresVote = (votesInPoll: number): number => between(inLedger, votesInPoll)
  const perCommit = (inAll: number, withoutCommit: number): number =>
    Math.max(0, inAll - withoutCommit) * sizes.votesPerCommit.wholeWay
  return {
    api: {
      vote: api.perVote,
      batch: api.fixed,
      frame: figure('fan-out', 'CPU of the api'),
      news: figure('read', 'GET .../results, 304: CPU of the api'),
    },
    redis: { vote: redis.perVote, batch: redis.fixed },
    worker: {
      vote: worker.perVote,
      entry: worker.fixed,
      commit: perCommit(
        figure('whole-way', 'CPU of worker'),
        worker.perVote + worker.fixed / sizes.callsPerBatch.wholeWay,
      ),
    },
    postgres: {
      vote: postgresVote,
      commit: perCommit(figure('whole-way', 'CPU of postgres'), postgresVote(sizes.votesInPoll.wholeWay)),
    },
  }
}

type Point = readonly [size: number, perVote: number]

/** What a vote costs in groups of two sizes says what it costs by itself, and what a group does. */
function line([large, atLarge]: Point, [small, atSmall]: Point): { readonly perVote: number; readonly fixed: number } {
  const fixed = Math.max(0, (atSmall - atLarge) / (1 / small - 1 / large))
  return { fixed, perVote: atLarge - fixed / large }
}

/** Over powers of ten; beyond what was measured it stays what it was there. */
function between(points: readonly Point[], size: number): number {
  const above = points.findIndex(([at]) => at >= size)
  const [lower, upper] = [points[above - 1], points[above]]
  if (upper === undefined) return points.at(-1)?.[1] ?? 0
  if (lower === undefined) return upper[1]
  const share = Math.log(size / lower[0]) / Math.log(upper[0] / lower[0])
  return lower[1] + share * (upper[1] - lower[1])
}

function bareMsOn(results: readonly Measured[], cpu: string): number {
  for (const { figures, machine } of results) {
    const found = figures.find(
      ({ unit, floor }) => machine['cpu'] === cpu && floor?.what === bare && unit === 'us/vote',
    )
    if (found?.floor) return found.floor.value
  }
  throw new Error(`no accepted run of ${cpu} says what a bare POST costs there`)
}

function cpuOf({ machine }: Measured): string {
  return String(machine['cpu'])
}

export function figureOf({ stage, figures }: Measured, what: string): number {
  const value = figures.find((one) => one.what === what)?.value
  if (value === undefined) throw new Error(`the accepted run of ${stage} does not say: ${what}`)
  return value
}

function rowsOf({ stage, series = [] }: Measured, column: string): readonly Point[] {
  const rows = series.map((row) => [Number(row['votes in the poll']), Number(row[column])] as const)
  if (rows.length === 0 || rows.some((row) => row.some(Number.isNaN))) throw new Error(`${stage} has no ${column}`)
  return rows
}
