import { entriesPerCommitMax } from '../../src/application/record-votes.ts'
import { type Assumptions, inCloud, onOneMachine } from './assumptions.ts'
import type { Happening, Played } from './run-simulation.ts'
import type { Installation } from './service.ts'
import { figureOf, type Measured, type UnitCosts, unitCostsOf } from './unit-costs.ts'

const seed = 1

/** A benchmark that was run, played with its own costs: what it measured against what the simulation comes to. */
export type Check = {
  readonly stage: string
  readonly what: string
  readonly unit: string
  readonly measured: number
  readonly happening: Happening
  readonly read: (played: Played) => number
}

const oneMachine: Installation = {
  voteApis: 1,
  viewerApis: 0,
  redisNodes: 1,
  partitions: 1,
  workers: 1,
  postgresCores: 1,
  updateIntervalMs: 100,
  entriesMax: entriesPerCommitMax,
  sharesCore: true,
}

/** As many voters and viewers as the benchmarks have. */
export function checksOf(results: readonly Measured[]): readonly Check[] {
  const check = (
    stage: string,
    what: string,
    unit: string,
    given: Pick<Happening, 'votes' | 'viewers'> & { readonly installation?: Installation },
    read: Check['read'],
  ): Check => {
    const result = results.find((one) => one.stage === stage)
    if (result === undefined) throw new Error(`there is no accepted run of ${stage}`)
    const costs = unitCostsOf(results, String(result.machine['cpu']))
    const plain = { costs, assumptions: onOneMachine, installation: oneMachine, warmUpMs: 1000, seconds: 10, seed }
    return { stage, what, unit, measured: figureOf(result, what), happening: { ...plain, ...given }, read }
  }
  // The worker rests while accept is measured.
  const withoutWorker = { ...oneMachine, sharesCore: false }
  const manyVoters = { votes: { voters: 64 }, viewers: 0 }
  const busy = { votes: { perSecond: 1000 }, viewers: 5000 }
  const calm = { votes: { perSecond: 5 }, viewers: 100 }
  const crowded = { votes: { perSecond: 12 }, viewers: 10_000 }
  const at = (percentile: string, of: 'answered' | 'shown') => (played: Played) => played[of][percentile] ?? 0
  return [
    check('accept', 'rate', 'votes/s', { ...manyVoters, installation: withoutWorker }, (p) => p.perSecond.accepted),
    check('whole-way', 'sustained to the ledger', 'votes/s', manyVoters, (p) => p.perSecond.recorded),
    check('latency', 'p50 at 1,000 votes/s, 5,000 viewers', 'ms', busy, at('p50', 'shown')),
    check('latency', 'p99 at 1,000 votes/s, 5,000 viewers', 'ms', busy, at('p99', 'shown')),
    check('latency', 'p50 of its 202 at 1,000 votes/s, 5,000 viewers', 'ms', busy, at('p50', 'answered')),
    check('latency', 'p50 at 5 votes/s, 100 viewers', 'ms', calm, at('p50', 'shown')),
    check(
      'fan-out',
      'updates of 10,000 viewers, of 10 wanted',
      '/s',
      crowded,
      (p) => p.perSecond.frames / crowded.viewers,
    ),
  ]
}

export type Scenario = { readonly name: string; readonly happening: Happening }

/** For 1,000,000 votes a second in one poll that 10,000,000 watch. */
const large: Installation = {
  voteApis: 160,
  viewerApis: 176,
  redisNodes: 64,
  partitions: 64,
  workers: 64,
  postgresCores: 64,
  updateIntervalMs: 1000,
  entriesMax: entriesPerCommitMax,
  standsFor: 16,
}

/** The machine on which most of the benchmarks were run, which is the slower one. */
const cpu = 'Intel(R) Xeon(R) Processor'

/** What everything costs in the scenarios in which nothing costs more. */
export function plainCosts(results: readonly Measured[]): UnitCosts {
  return unitCostsOf(results, cpu)
}

/** The design at full size, and the same with one thing changed at a time. */
export function scenariosOf(results: readonly Measured[]): readonly Scenario[] {
  const costs = plainCosts(results)
  const plain: Happening = {
    costs,
    assumptions: inCloud,
    installation: large,
    votes: { perSecond: 1_000_000 },
    viewers: 10_000_000,
    warmUpMs: 1000,
    seconds: 4,
    seed,
  }
  const assume = (assumptions: Partial<Assumptions>) => ({ assumptions: { ...inCloud, ...assumptions } })
  const install = (installation: Partial<Installation>) => ({ installation: { ...large, ...installation } })
  const failure = { node: 0, atMs: 3000, forMs: 5000 }
  const changed: readonly (readonly [name: string, Partial<Happening>])[] = [
    ['as designed', {}],
    ['twice the cost of a vote everywhere', { costs: dearer(costs, ['api', 'redis', 'worker', 'postgres']) }],
    [
      'the same, with 256 apis for votes',
      { costs: dearer(costs, ['api', 'redis', 'worker', 'postgres']), ...install({ voteApis: 256 }) },
    ],
    ['a disk that takes 5 ms', assume({ fsyncMs: 5 })],
    ['twice the cost of a vote in PostgreSQL', { costs: dearer(costs, ['postgres']) }],
    [`256 entries in a commit, not ${entriesPerCommitMax}`, install({ entriesMax: 256 })],
    ['a young poll, below a million votes', assume({ votesInPoll: 1 })],
    ['half as many votes', { votes: { perSecond: 500_000 } }],
    ['a quarter of the primaries silent for 5 s', { failure, seconds: 12 }],
  ]
  return changed.map(([name, change]) => ({ name, happening: { ...plain, ...change } }))
}

/** What a vote costs in these by itself, twice. */
function dearer(costs: UnitCosts, parts: readonly (keyof UnitCosts)[]): UnitCosts {
  const times = (part: keyof UnitCosts): number => (parts.includes(part) ? 2 : 1)
  const { api, redis, worker, postgres } = costs
  return {
    api: { ...api, vote: api.vote * times('api') },
    redis: { ...redis, vote: redis.vote * times('redis') },
    worker: { ...worker, vote: worker.vote * times('worker') },
    postgres: { ...postgres, vote: (votes) => postgres.vote(votes) * times('postgres') },
  }
}
