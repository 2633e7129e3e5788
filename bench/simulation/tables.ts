import { markdownTable } from '../charts/figures-table.ts'
import { formatNumber } from '../report.ts'
import type { Played } from './run-simulation.ts'
import type { Check, Scenario } from './scenarios.ts'
import type { UnitCosts } from './unit-costs.ts'

/** How far the simulation is from what was measured, benchmark by benchmark. */
export function checksTable(checks: readonly (readonly [Check, Played])[]): string {
  const rows = checks.map(([{ stage, what, unit, measured, read }, played]) => {
    const simulated = read(played)
    const deviation = (simulated / measured - 1) * 100
    return [
      stage,
      what,
      `${formatNumber(measured)} ${unit}`,
      `${formatNumber(simulated)} ${unit}`,
      `${deviation > 0 ? '+' : ''}${deviation.toFixed(0)} %`,
    ]
  })
  return markdownTable([['benchmark', 'figure', 'measured', 'simulated', 'deviation'], ...rows])
}

/** What the benchmarks say that one of each costs. */
export function costsTable(costs: UnitCosts): string {
  const us = (ms: number): string => `${formatNumber(ms * 1000)} µs`
  const { api, redis, worker, postgres } = costs
  const sizes = [10_000, 1_000_000, 10_000_000]
  return markdownTable([
    ['', 'a vote', 'what many share', 'other'],
    [
      'api',
      us(api.vote),
      `a batch: ${us(api.batch)}`,
      `a message to a viewer: ${us(api.frame)}; news heard: ${us(api.news)}`,
    ],
    ['Redis', us(redis.vote), `a batch: ${us(redis.batch)}`, ''],
    ['worker', us(worker.vote), `an entry: ${us(worker.entry)}, a commit: ${us(worker.commit)}`, ''],
    [
      'PostgreSQL',
      sizes.map((votes) => us(postgres.vote(votes))).join(', '),
      `a commit: ${us(postgres.commit)}`,
      `with ${sizes.map((votes) => votes.toLocaleString('en')).join(', ')} votes in the poll`,
    ],
  ])
}

export function scenariosTable(played: readonly (readonly [Scenario, Played])[]): string {
  const percent = (share: number): string => `${(share * 100).toFixed(0)} %`
  const times = (p50: number | undefined, p99: number | undefined): string =>
    `${formatNumber(p50 ?? 0)}, ${formatNumber(p99 ?? 0)}`
  const rows = played.map(([{ name }, { perSecond, busy, answered, shown, seconds }]) => [
    name,
    formatNumber(perSecond.accepted),
    formatNumber(perSecond.refused),
    formatNumber(perSecond.recorded),
    formatNumber(seconds.at(-1)?.oldestUnrecordedMs ?? 0),
    times(answered['p50'], answered['p99']),
    times(shown['p50'], shown['p99']),
    (['voteApi', 'viewerApi', 'redis', 'channel', 'worker', 'postgres'] as const)
      .map((kind) => percent(busy[kind]))
      .join(', '),
  ])
  return markdownTable([
    [
      '',
      'accepted/s',
      '503/s',
      'recorded/s',
      'oldest unrecorded at the end, ms',
      'to the 202: p50, p99 ms',
      'to viewers: p50, p99 ms',
      'busy: vote apis, viewer apis, Redis, channel, workers, PostgreSQL',
    ],
    ...rows,
  ])
}
