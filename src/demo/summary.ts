import { styleText } from 'node:util'
import type { Results } from '../../client/src/polls.ts'
import type { TallyMessage } from '../../contract/messages.ts'
import { formatNumber } from '../terminal/format-number.ts'
import type { Told } from './crowd.ts'
import type { Latencies } from './probe-votes.ts'

export type Outcome = {
  readonly told: Told
  readonly results: Results
  readonly viewers: readonly (TallyMessage | null)[]
  readonly latencies: Latencies
  /** The crowd's part, without what was done after it. */
  readonly voting: Voting
}

/** So many votes were accepted in this time. */
export type Voting = { readonly votes: number; readonly ms: number }

/** Everything in which what the voters were told, what the service counted and what the viewers saw differ. */
export function findDifferences({ told, results, viewers }: Outcome): readonly string[] {
  const differences = [...new Set(told.wrong)]
  if (!results.results_final) differences.push('the result is not final')
  let open = told.unknownTotal
  for (const { id, votes } of results.options) {
    const accepted = told.accepted.get(id) ?? 0
    const counted = votes ?? 0
    // A vote that nothing settled may count or not.
    open -= Math.max(0, counted - accepted)
    if (counted < accepted || open < 0) {
      differences.push(
        `option ${id}: ${formatNumber(accepted)} votes were accepted, ${formatNumber(counted)} are counted`,
      )
    }
  }
  const counts = describeCounts(results)
  const apart = viewers.filter((seen) => seen === null || !seen.results_final || describeCounts(seen) !== counts).length
  if (apart > 0) differences.push(`${formatNumber(apart)} viewers do not show the final result`)
  return differences
}

function describeCounts({ options, total_votes: total }: Pick<Results, 'options' | 'total_votes'>): string {
  return `${total}: ${options.map(({ id, votes }) => `${id}=${votes}`).join(' ')}`
}

/** The result as a person reads it. */
export function describeOutcome(outcome: Outcome, differences: readonly string[]): string {
  const { told, results, viewers, latencies, voting } = outcome
  const perSecond = (voting.votes / voting.ms) * 1000
  const lines: (readonly [string, string, string])[] = [
    ['accepted', formatNumber(told.acceptedTotal), 'votes answered with 202'],
    ['recorded', formatNumber(results.total_votes ?? 0), `in the ${results.results_final ? 'final ' : ''}result`],
    ['repeated', formatNumber(told.repeated), 'double clicks, answered as the first click'],
    ['refused', formatNumber(told.refusedTotal), listCodes(told.refused)],
    ...describeUnknown(told),
    ['speed', formatNumber(perSecond), `votes per second, over ${(voting.ms / 1000).toFixed(1)} s`],
    ['latency', describeLatency(latencies), describeProbes(latencies, viewers.length)],
    ['viewers', formatNumber(viewers.length), 'watched, each over a connection of its own'],
  ]
  const width = Math.max(...lines.map(([, value]) => value.length))
  const verdict =
    differences.length === 0
      ? styleText('green', '✓ Recount: the voters’ answers, the result and every viewer agree on every option.')
      : styleText('red', ['✗ Recount: something differs.', ...differences.map((text) => `  ${text}`)].join('\n'))
  return [
    ...lines.map(([name, value, note]) => `  ${name.padEnd(11)}${value.padStart(width)}   ${styleText('dim', note)}`),
    '',
    verdict,
  ].join('\n')
}

function listCodes(times: ReadonlyMap<string, number>): string {
  const parts = [...times].map(([code, votes]) => `${code} ${formatNumber(votes)}`)
  return parts.length === 0 ? 'nobody' : parts.join(', ')
}

/** Nothing where everything was settled, as it is unless something went wrong. */
function describeUnknown({ unknown, unknownTotal }: Told): readonly (readonly [string, string, string])[] {
  return unknownTotal === 0 ? [] : [['unknown', formatNumber(unknownTotal), `may count or not: ${listCodes(unknown)}`]]
}

function describeLatency({ ms }: Latencies): string {
  if (ms.length === 0) return 'not seen'
  return `${formatNumber(percentile(ms, 0.5))} ms`
}

function describeProbes({ probes, ms, missed }: Latencies, viewers: number): string {
  const tail = ms.length === 0 ? '' : `p50, and ${formatNumber(percentile(ms, 0.99))} ms p99, `
  const lost = missed === 0 ? '' : `; ${formatNumber(missed)} not seen in time`
  return `${tail}from a click to the viewers’ screens (${probes} probe votes, viewers: ${formatNumber(viewers)}${lost})`
}

/** Of numbers in ascending order. */
function percentile(ascending: readonly number[], share: number): number {
  return ascending[Math.min(ascending.length - 1, Math.floor(ascending.length * share))] ?? Number.NaN
}
