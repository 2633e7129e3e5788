import { describe, expect, test } from 'vitest'
import type { Result } from '../../bench/bench.ts'
import { figuresTable, placeBetweenMarks } from '../../bench/charts/figures-table.ts'
import { drawGrowth } from '../../bench/charts/growth-chart.ts'
import { drawLatencies } from '../../bench/charts/percentile-chart.ts'
import { drawCosts, drawRates } from '../../bench/charts/ratio-chart.ts'

const someResult = (said: Partial<Result> = {}): Result => ({
  stage: 'accept',
  measuredAt: '2026-01-01T00:00:00.000Z',
  tookSeconds: 60,
  commit: 'abcdef012345',
  machine: { cpu: 'Some <CPU>', cores: 2, memoryGiB: 8, system: 'linux', node: 'v26' },
  figures: [
    {
      what: 'rate',
      unit: 'votes/s',
      value: 12_345,
      floor: { what: 'node:http', value: 20_000 },
      ratio: 0.617,
      goal: { atLeast: 0.65 },
    },
    {
      what: 'CPU of api & redis',
      unit: 'us/vote',
      value: 43.21,
      floor: { what: 'node:http', value: 30 },
      ratio: 1.44,
      goal: { atMost: 1.7 },
    },
    { what: 'p99', unit: 'ms', value: 7.5, floor: null, ratio: null, goal: { atMost: 10 } },
  ],
  checked: ['all is in the ledger'],
  latenciesMs: { calm: { p50: 1.25, p75: 2, p90: 3, p95: 4, p99: 7.5, 'p99.9': 20, p100: 0 } },
  series: [
    { votes: 1000, 'votes/s': 60_000 },
    { votes: 2000, 'votes/s': 58_000 },
  ],
  ...said,
})

const broken = someResult({
  latenciesMs: { calm: { p50: Number.NaN } },
  figures: someResult().figures.map((figure) => ({ ...figure, ratio: Number.NaN })),
})

describe('the charts of the benchmarks', () => {
  test('show the rates and the costs of each stage, and say in words which goals are missed', () => {
    const rates = drawRates([someResult()]) ?? ''
    expect(rates).toContain('accept, rate: 0.62 times the floor (12,345 votes/s), goal missed.')
    expect(rates).toContain('>missed</text>')
    expect(rates).not.toContain('us/vote')
    const costs = drawCosts([someResult()]) ?? ''
    expect(costs).toContain('accept, CPU of api &amp; redis: 1.44 times the floor (43.21 us/vote), goal met.')
    expect(costs).not.toContain('>missed</text>')
  })

  test('show latencies by percentile, and series over what they were measured', () => {
    const latencies = drawLatencies([someResult()]) ?? ''
    for (const said of ['accept: calm', 'p50 1.25 ms · p99 7.50 ms', '>p99.9</text>']) expect(latencies).toContain(said)
    expect(drawGrowth(someResult())).toContain('votes/s over votes: 60,000 at 1,000, 58,000 at 2,000.')
  })

  test('are not drawn of what was not measured, nor of what is no number', () => {
    expect([drawRates([]), drawLatencies([]), drawGrowth({ stage: 'accept' })]).toEqual([null, null, null])
    expect(() => drawRates([broken])).toThrow('cannot show NaN')
    expect(() => drawLatencies([broken])).toThrow('cannot show NaN')
    for (const svg of [drawRates, drawCosts, drawLatencies].map((draw) => draw([someResult()]))) {
      expect(svg).not.toMatch(/NaN|undefined|Infinity/)
      expect(svg).toMatch(/<title id="title">[^<]+<\/title>\n<desc id="description">[^<]+<\/desc>/)
    }
  })

  test('stand beside a table that replaces the one before it, and nothing else of the page', () => {
    const marks = [
      '<!-- figures: npm run bench:charts writes what stands between these marks -->',
      '<!-- end of figures -->',
    ]
    const page = placeBetweenMarks(`before\n${marks.join('old')}\nafter\n`, figuresTable([someResult()]))
    expect(page).toMatch(/^before\n[^]*\nafter\n$/)
    expect(page).not.toContain('old')
    expect(page).toMatch(
      /\| rate +\| 12,345 votes\/s +\| 20,000 \(node:http\) +\| 0\.62 +\| ≥ 0\.65 x +\| \*\*missed\*\* +\|/,
    )
    expect(page).toMatch(/\| p99 +\| 7\.50 ms +\| +\| +\| ≤ 10\.00 +\| met +\|/)
    expect(() => placeBetweenMarks('no place', '')).toThrow('no place for the figures')
  })
})
