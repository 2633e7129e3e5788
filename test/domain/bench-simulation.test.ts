import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { placeBetweenMarks } from '../../bench/charts/figures-table.ts'
import { inCloud, onOneMachine } from '../../bench/simulation/assumptions.ts'
import { createChance } from '../../bench/simulation/chance.ts'
import { createCores } from '../../bench/simulation/cores.ts'
import { givenBy, type Kept, keptPath, marksOf, readResults, tablesOf } from '../../bench/simulation/played.ts'
import { createRedisNode } from '../../bench/simulation/redis-node.ts'
import { type Happening, runSimulation } from '../../bench/simulation/run-simulation.ts'
import { checksOf, plainCosts } from '../../bench/simulation/scenarios.ts'
import { createTimeline } from '../../bench/simulation/timeline.ts'
import { type Measured, type UnitCosts, unitCostsOf } from '../../bench/simulation/unit-costs.ts'
import { createWaits } from '../../bench/simulation/waits.ts'
import { BATCH_LIMITS } from '../../src/application/cast-vote/batch-calls.ts'

/** Round ones, in milliseconds: a vote costs an api a tenth, so one core takes 10,000 a second. */
const costs: UnitCosts = {
  api: { vote: 0.1, batch: 0, frame: 0.01, news: 0 },
  redis: { vote: 0.01, batch: 0 },
  worker: { vote: 0.01, entry: 0, commit: 0 },
  postgres: { vote: () => 0.01, commit: 0 },
}

const happening: Happening = {
  costs,
  assumptions: { ...onOneMachine, fsyncMs: 0 },
  installation: {
    voteApis: 2,
    viewerApis: 0,
    redisNodes: 2,
    partitions: 4,
    workers: 2,
    postgresCores: 2,
    updateIntervalMs: 100,
    entriesMax: 64,
  },
  votes: { perSecond: 2000 },
  viewers: 1000,
  warmUpMs: 500,
  seconds: 2,
  seed: 7,
}

/** Those that are played in a second. */
const cheapChecks = ['p50 at 5 votes/s, 100 viewers', 'updates of 10,000 viewers, of 10 wanted']

const result = (stage: string, cpu: string, figures: Readonly<Record<string, number>>, bare?: number): Measured => ({
  stage,
  machine: { cpu },
  figures: Object.entries(figures).map(([what, value]) => ({
    what,
    value,
    unit: 'us/vote',
    floor: bare === undefined ? null : { what: 'node:http POST', value: bare },
    ratio: null,
    goal: null,
  })),
  series: [10_000, 1_000_000].map((votes, index) => ({
    'votes in the poll': votes,
    'CPU of PostgreSQL, us/vote': 10 + 10 * index,
  })),
})

/** Of two machines, of which the second is twice as fast. */
const results: readonly Measured[] = [
  result('whole-way', 'slow', { 'CPU of api': 90, 'CPU of redis': 27, 'CPU of worker': 20, 'CPU of postgres': 45 }, 20),
  result('accept', 'fast', { 'CPU of the api': 30 }, 10),
  result('bulk', 'slow', { 'CPU of redis': 7 }),
  result('drain', 'fast', { 'CPU of the worker': 2, 'CPU of the worker, entries of 16': 4 }),
  result('fan-out', 'slow', { 'CPU of the api': 11 }),
  result('growth', 'slow', {}),
  result('read', 'slow', { 'GET .../results, 304: CPU of the api': 19 }),
]

describe('what is simulated with measured costs', () => {
  test('costs of two machines become those of one, by what a bare POST costs on each', () => {
    const [slow, fast] = ['slow', 'fast'].map((cpu) => unitCostsOf(results, cpu))
    // 60 in batches of 30 and 90 in batches of 9: a batch costs as much as it takes to tell these apart.
    expect((slow?.api.vote ?? 0) + (slow?.api.batch ?? 0) / 30).toBeCloseTo(0.06)
    expect((slow?.api.vote ?? 0) + (slow?.api.batch ?? 0) / 9).toBeCloseTo(0.09)
    expect(fast?.api.vote).toBeCloseTo((slow?.api.vote ?? 0) / 2)
    expect(slow?.postgres.vote(100_000)).toBeCloseTo(0.015)
    expect([1, 1e9].map((votes) => slow?.postgres.vote(votes))).toEqual([0.01, 0.02])
  })

  test('a figure that no benchmark has is missed by its name', () => {
    expect(() => unitCostsOf(results.slice(0, -1), 'slow')).toThrow('no accepted run of read')
    expect(() => unitCostsOf(results, 'unknown')).toThrow('what a bare POST costs there')
  })

  test('the same seed ends the same, another one does not', () => {
    const [once, again, other] = [7, 7, 8].map((seed) => runSimulation({ ...happening, seed }))
    expect(again).toEqual(once)
    expect(other).not.toEqual(once)
  })

  test('every vote that is accepted is recorded and shown, and none of them twice', () => {
    const { perSecond, seconds, shown } = runSimulation(happening)
    expect(perSecond.accepted).toBeCloseTo(2000, -2)
    for (const { unrecorded } of seconds) {
      expect(unrecorded).toBeGreaterThanOrEqual(0)
      expect(unrecorded).toBeLessThan(200)
    }
    expect(shown['p99']).toBeGreaterThan(shown['p50'] ?? 0)
    // A message to each viewer in each interval.
    expect(perSecond.frames).toBeCloseTo(10_000, -3)
  })

  test('one core answers as many votes as its cost allows, whoever waits', () => {
    const one = { ...happening.installation, voteApis: 1 }
    const { perSecond, busy } = runSimulation({ ...happening, installation: one, votes: { voters: 200 }, viewers: 0 })
    expect(perSecond.accepted).toBeGreaterThan(9_500)
    expect(perSecond.accepted).toBeLessThan(10_100)
    expect(busy.voteApi).toBeGreaterThan(0.95)
  })

  test('votes beyond that are refused, and those that are let in do not wait ever longer', () => {
    const one = { ...happening.installation, voteApis: 1 }
    const { perSecond, seconds } = runSimulation({
      ...happening,
      installation: one,
      votes: { perSecond: 20_000 },
      viewers: 0,
      seconds: 4,
    })
    expect(perSecond.refused).toBeGreaterThan(5_000)
    // Half a second unread at most, and as long again until the batch is sent behind what is read by then.
    expect(seconds.at(-1)?.answered['p99']).toBeLessThan(1_500)
    expect(seconds.at(-1)?.answered['p99']).toBeLessThan(1.2 * (seconds[1]?.answered['p99'] ?? 0))
  })

  test('a ledger that is too slow falls behind, second by second, and takes what it can', () => {
    const slow = { ...costs, postgres: { vote: () => 2, commit: 0 } }
    const { perSecond, seconds } = runSimulation({ ...happening, costs: slow, seconds: 3 })
    expect(perSecond.recorded).toBeLessThanOrEqual(1_010)
    const lags = seconds.map(({ oldestUnrecordedMs }) => oldestUnrecordedMs)
    expect(lags).toEqual(lags.toSorted((a, b) => a - b))
    expect(lags.at(-1)).toBeGreaterThan(lags[0] ?? 0)
  })

  test('while a node is silent its votes wait or are refused, the others go on, and afterwards all is caught up', () => {
    const failure = { node: 0, atMs: 1_000, forMs: 3_000 }
    const { seconds } = runSimulation({ ...happening, failure, seconds: 6 })
    // Two of four partitions.
    expect(seconds[2]?.accepted).toBeGreaterThan(800)
    expect(seconds[2]?.accepted).toBeLessThan(1_200)
    expect(seconds.at(-1)?.unrecorded).toBeLessThan(200)
  })

  test('a part that stands for sixteen ends about where the whole does, but that its votes wait longer for an api', () => {
    const installation = {
      ...happening.installation,
      voteApis: 8,
      viewerApis: 16,
      partitions: 16,
      redisNodes: 16,
      workers: 16,
      postgresCores: 16,
      updateIntervalMs: 500,
    }
    const plain: Happening = {
      ...happening,
      assumptions: inCloud,
      costs: plainCosts(readResults()),
      votes: { perSecond: 40_000 },
      seconds: 1,
    }
    const [whole, part] = [1, 16].map((standsFor) =>
      runSimulation({ ...plain, installation: { ...installation, standsFor } }),
    )
    if (whole === undefined || part === undefined) throw new Error('both were played')
    const within = (share: number, least: number, most: number): void => {
      expect(share).toBeGreaterThan(least)
      expect(share).toBeLessThan(most)
    }
    for (const name of ['accepted', 'recorded', 'frames'] as const) {
      within(part.perSecond[name] / whole.perSecond[name], 0.9, 1.1)
    }
    for (const name of ['p50', 'p99'] as const) {
      within((part.shown[name] ?? 0) / (whole.shown[name] ?? 0), 0.9, 1.1)
      within((part.answered[name] ?? 0) / (whole.answered[name] ?? 0), 1, 2)
    }
    within(part.busy.voteApi / whole.busy.voteApi, 0.9, 1.1)
  })

  test('a vote that waits too long for Redis is refused once, also where the log has it later', () => {
    const failure = { node: 0, atMs: 1_000, forMs: 4_000 }
    const { perSecond, seconds, answered } = runSimulation({ ...happening, viewers: 0, failure, seconds: 7 })
    expect(perSecond.refused).toBeGreaterThan(100)
    expect(perSecond.accepted + perSecond.refused).toBeCloseTo(2000, -2)
    expect(perSecond.appended).toBeGreaterThan(perSecond.accepted)
    expect(perSecond.recorded).toBeCloseTo(perSecond.appended, -1)
    for (const { unrecorded } of seconds) expect(unrecorded).toBeGreaterThanOrEqual(0)
    // But the last batch, which has a little longer (`batchMsMin`).
    expect(answered['p100']).toBeLessThan(1.05 * (BATCH_LIMITS.answerMsMax + BATCH_LIMITS.batchMsMin))
  })
})

// Else `npm run bench:simulate`, and see whether the words around the tables still hold.
describe('what docs/scaling.md says of it', () => {
  const page = readFileSync(new URL('../../docs/scaling.md', import.meta.url), 'utf8')
  const benchmarks = readResults()
  // What bench/simulate.ts wrote.
  const kept = JSON.parse(readFileSync(keptPath, 'utf8')) as Kept

  test('was played with the limits of the code and the accepted benchmarks, as they are now', () => {
    expect(givenBy(benchmarks)).toEqual(kept.given)
  })

  test('is what was played, table by table', () => {
    for (const [name, table] of Object.entries(tablesOf(benchmarks, kept))) {
      expect(placeBetweenMarks(page, table, marksOf(name))).toBe(page)
    }
  })

  test('is what the simulation still comes to', () => {
    for (const [index, { what, happening: asked }] of checksOf(benchmarks).entries()) {
      if (!cheapChecks.includes(what)) continue
      const { seconds, ...again } = runSimulation(asked)
      expect({ ...again, seconds: seconds.slice(-1) }).toEqual(kept.checks[index])
    }
  })
})

describe('what the simulation is made of', () => {
  test('what is planned happens in order of time, and of planning where that is the same', () => {
    const timeline = createTimeline()
    const happened: string[] = []
    for (const [name, ms] of [
      ['c', 2],
      ['a', 1],
      ['b', 1],
      ['never', 9],
    ] as const) {
      timeline.after(ms, () => happened.push(`${name} at ${timeline.now()}`))
    }
    timeline.runUntil(5)
    expect(happened).toEqual(['a at 1', 'b at 1', 'c at 2'])
    expect(timeline.now()).toBe(5)
  })

  test('cores work on as much at once as they are, the rest waits its turn', () => {
    const timeline = createTimeline()
    const cores = createCores(timeline, 2)
    const done: number[] = []
    for (let job = 0; job < 4; job += 1) cores.work(10, () => done.push(timeline.now()))
    expect(cores.waitingMs()).toBe(20)
    timeline.runUntil(100)
    expect(done).toEqual([10, 10, 20, 20])
    expect([cores.usedMs(), cores.waitingMs()]).toEqual([40, 0])
  })

  test('Redis answers what came together after one fsync, and what comes meanwhile after the next', () => {
    const timeline = createTimeline()
    const node = createRedisNode(timeline, createCores(timeline, 1), costs, { fsyncMs: 5, deliveryMs: 1 })
    const answered: number[] = []
    const answer = (): void => {
      answered.push(timeline.now())
    }
    node.append(100, answer)
    timeline.after(0.5, () => node.append(100, answer))
    timeline.after(0.6, () => node.append(100, answer))
    timeline.runUntil(100)
    expect(answered).toEqual([6, 13, 13])
    node.publish(3, answer)
    timeline.runUntil(200)
    expect(answered.at(-1)).toBe(103)
  })

  test('chance brings as many as it should on average, few and many', () => {
    const chance = createChance(3)
    for (const mean of [0.2, 5, 200]) {
      const counts = Array.from({ length: 4_000 }, () => chance.count(mean))
      const average = counts.reduce((sum, count) => sum + count, 0) / counts.length
      expect(average / mean).toBeGreaterThan(0.93)
      expect(average / mean).toBeLessThan(1.07)
    }
  })

  test('waits are told within 2 %, however many there are', () => {
    const waits = createWaits()
    for (let ms = 1; ms <= 1000; ms += 1) waits.add(ms, 1_000_000)
    const { p50 = 0, p99 = 0, p100 = 0 } = waits.percentiles()
    for (const [told, exact] of [
      [p50, 500],
      [p99, 990],
      [p100, 1000],
    ] as const) {
      expect(told / exact).toBeGreaterThan(0.98)
      expect(told / exact).toBeLessThan(1.03)
    }
    expect(createWaits().percentiles()['p99']).toBe(0)
  })
})
