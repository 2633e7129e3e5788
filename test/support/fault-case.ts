import { expect } from 'vitest'
import { createTallies } from '../../src/adapters/postgres/tallies.ts'
import { onServerOf } from '../../src/adapters/redis/servers.ts'
import { createTallyCache } from '../../src/adapters/redis/tally-cache.ts'
import type { Tally } from '../../src/domain/tally.ts'
import { checkLedger, describeCheck, type LedgerCheck } from './ledger-check.ts'
import { type Load, sessionMint, startLoad } from './load.ts'
import { organisePoll, type OrganisedPoll } from './organiser.ts'
import { createReconnectingViewer, type ReconnectingViewer } from './reconnecting-viewer.ts'
import { withServers } from './servers-of.ts'
import type { System } from './system.ts'
import { waitUntil } from './wait-until.ts'

/** How often what the fault is about really happened, by its name: a count that is not above 0 fails the case. */
export type Happened = Readonly<Record<string, number>>

export type FaultScene = { readonly system: System; readonly poll: OrganisedPoll; readonly load: Load }

/** Something that goes wrong while people vote. */
export type Fault = {
  /** What holds, as the title of a test. */
  readonly fact: string
  /** Does it, and mends what an operator or the fault's own end would mend; what heals by itself is left alone. */
  readonly inject: (scene: FaultScene) => Promise<Happened>
  /** How many accepted votes it may take with it, because the log lost what it had promised to keep; none where not given. */
  readonly mayLose?: (happened: Happened) => number
  /** How people vote meanwhile, wherever it happens. */
  readonly plan?: FaultPlan
}

export type FaultPlan = {
  readonly votesPerSecond?: number
  /** At least so many voters come while the case runs. */
  readonly votesMin?: number
  /** The share of voters who change their vote. */
  readonly changeShare?: number
  /** What the poll is to be, where a plain one does not do. */
  readonly definition?: Readonly<Record<string, unknown>>
  readonly viewers?: number
  /** How often a voter asks again, at most; else as often as it takes. */
  readonly retriesMax?: number
  /** How long the system may take to record everything once the fault has ended and nobody votes any more. */
  readonly settledWithinMs?: number
  /** The longest that any request may go without an answer; any time where not given. */
  readonly answeredWithinMs?: number
}

export type FaultReport = {
  readonly check: LedgerCheck
  readonly happened: Happened
  readonly load: Load
  readonly tally: Tally
}

const defaults = {
  votesPerSecond: 400,
  votesMin: 2_000,
  changeShare: 0.1,
  viewers: 10,
  settledWithinMs: 15_000,
  answeredWithinMs: Infinity,
}
const votesPerSecondMin = 300
const votesBefore = 400
const votesAfter = 400
const votesWithinMs = 60_000
/** Promise G5, and how soon the cache agrees with the ledger. */
const newestWithinMs = 2_000

/**
 * Lets people vote and watch at a steady rate while the fault happens, and holds what came of it against the promises: every
 * accepted vote counts once, the newest of each voter, and nothing else does (I1-I3), tally and recount agree (I4), the cache has it (I5), no viewer saw
 * a version go back (I6), each sees the newest (I7), everything is recorded (I9), and every "come back" said when (I11).
 */
export const survive = async (system: System, fault: Fault, plan: FaultPlan = {}): Promise<FaultReport> => {
  const asked: typeof defaults & FaultPlan = { ...defaults, ...fault.plan, ...plan }
  const { votesPerSecond, votesMin, changeShare, viewers: viewersCount, settledWithinMs } = asked
  const { pool } = system.database
  const urls = system.apis.map(({ url }) => url)
  const poll = await organisePoll(system.apiUrl(0), { allow_vote_change: true, ...asked.definition })
  const viewers = Array.from({ length: viewersCount }, (_, number) =>
    createReconnectingViewer(system.apiUrl(number), poll.id, () => undefined),
  )
  const identifyVoter = await sessionMint(pool)
  const load = startLoad({
    pollId: poll.id,
    optionIds: poll.optionIds,
    urls,
    identifyVoter,
    votesPerSecond,
    changeShare,
    ...(asked.retriesMax !== undefined && { retriesMax: asked.retriesMax }),
  })
  try {
    await moreAccepted(load, votesBefore)
    const happened = await fault.inject({ system, poll, load })
    await moreAccepted(load, votesAfter)
    await waitUntil(() => load.started() >= votesMin, { withinMs: votesWithinMs, what: `${votesMin} voters came` })
    await load.stop()

    await waitUntil(async () => isRecorded(system), { withinMs: settledWithinMs, what: 'everything is recorded' })
    const check = await checkLedger(pool, poll.id, 1, load.attempts)
    console.log(describe(fault, load, check, happened))
    expect(Object.entries(happened).filter(([, times]) => !(times > 0))).toEqual([])
    expect(load.rate()).toBeGreaterThanOrEqual(votesPerSecondMin)
    expect(load.withoutRetryAfter()).toBe(0)
    expect(load.slowestMs()).toBeLessThan(asked.answeredWithinMs)
    expect(check).toMatchObject({ doubled: 0, phantom: 0 })
    // A log that lost its end gives the same places out again.
    if (fault.mayLose === undefined) expect(check.outOfOrder).toBe(0)
    expect(check.lost, 'lost votes').toBeLessThanOrEqual(fault.mayLose?.(happened) ?? 0)
    return { check, happened, load, tally: await expectAllSeeTheLedger(system, poll.id, viewers) }
  } finally {
    for (const viewer of viewers) viewer.close()
    await load.stop()
  }
}

/** Waits until so many more votes have been accepted than now. */
export const moreAccepted = async (load: Load, votes: number): Promise<void> => {
  const before = load.accepted()
  await waitUntil(() => load.accepted() >= before + votes, {
    withinMs: votesWithinMs,
    what: () => `${votes} more votes are accepted, not ${load.accepted() - before}; all answers: ${list(load.answers)}`,
  })
}

/** Whether the checkpoint of each partition stands at the end of its stream. */
export const isRecorded = async (system: System): Promise<boolean> =>
  withServers(system, async (servers, keys) => {
    const { rows } = await system.database.pool.query<{ partition: number; recorded: string }>(
      'select partition, recorded from checkpoint',
    )
    for (const { partition, recorded } of rows) {
      const key = keys.stream(partition)
      const [last] = await onServerOf(servers, key, async (redis) => redis.xrevrange(key, '+', '-', 'COUNT', 1))
      if (last !== undefined && last[0] !== recorded) return false
    }
    return rows.length > 0
  })

/** Recount, cache and every viewer agree with the ledger. */
const expectAllSeeTheLedger = async (
  system: System,
  pollId: string,
  viewers: readonly ReconnectingViewer[],
): Promise<Tally> => {
  const tallies = createTallies(system.database.pool)
  expect((await tallies.recount(pollId))?.differences).toEqual([])
  const [tally] = await tallies.read([pollId])
  if (tally === undefined) throw new Error('the poll has no tally')
  await withServers(system, async (servers, keys) => {
    const cache = createTallyCache(servers, keys)
    const isCached = async (): Promise<boolean> => (await cache.getTally(pollId))?.version === tally.version
    await waitUntil(isCached, { withinMs: newestWithinMs, what: 'the cache has the newest tally' })
    expect(await cache.getTally(pollId)).toMatchObject({ counts: tally.counts, totalVotes: tally.totalVotes })
  })
  const seeNewest = (): boolean => viewers.every((viewer) => viewer.newest()?.version === tally.version)
  await waitUntil(seeNewest, {
    withinMs: newestWithinMs,
    what: () => `each viewer sees version ${tally.version}, not ${viewers.map((one) => one.newest()?.version).join()}`,
  })
  for (const viewer of viewers) {
    expect(viewer.newest()?.options.map(({ votes }) => votes)).toEqual(tally.counts)
    expect(viewer.timesBack()).toBe(0)
  }
  return tally
}

const list = (counts: Iterable<readonly [string, number]>): string =>
  [...counts].map(([what, times]) => `${what} ${times}`).join(', ')

const describe = ({ fact }: Fault, load: Load, check: LedgerCheck, happened: Happened): string =>
  [
    fact,
    `  ${describeCheck(check)}`,
    `  ${Math.round(load.rate())} voters per second; answers: ${list(load.answers)}; slowest ${Math.round(load.slowestMs())} ms`,
    `  happened: ${list(Object.entries(happened))}`,
  ].join('\n')
