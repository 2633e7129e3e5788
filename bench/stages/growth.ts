import { type Figure, median, type Outcome, plainFigure } from '../figure.ts'
import { formatNumber } from '../report.ts'
import { sumOf } from '../site/cpu-time.ts'
import { type Cost, watchCosts } from '../site/drained-cost.ts'
import { type Installation, startInstallation } from '../site/installation.ts'
import { proveLedger, proveRecount } from '../site/recount.ts'
import { readRedisMemory } from '../site/redis-memory.ts'
import { fillStream } from '../site/waiting-votes.ts'
import type { Asked } from '../stages.ts'
import type { OrganisedPoll } from '../../test/support/organiser.ts'

const least = 10_000
const mostDefault = 1_000_000
const stretches = 3
const votesPerStretch = 100_000
const measuredVotes = stretches * votesPerStretch
/** In a poll of its own and ahead of the others: a worker that has just started is slow. */
const warmUpVotes = 100_000
/** Beside one; ten thousand take many minutes. */
const pollCounts = [100, 10_000]
const optionCounts = [10, 100]
const partitionCounts = [2, 4]
const pollsCreatedAtOnce = 8
/** Aimed at is 1.2. */
const growthMost = 1.5

type Point = {
  /** Of each poll, one after the other; of many polls at once it is their votes together. */
  readonly votes: number
  /** That are voted on in turn. */
  readonly polls: number
  readonly options: number
  readonly partitions: number
}

const plain: Point = { votes: measuredVotes, polls: 1, options: 2, partitions: 1 }

/**
 * How the cost of a vote grows, on its way from the stream into the ledger: with the votes that its poll has already, with polls, options
 * and partitions. Each point is an installation of its own; what is measured are its last votes, not all.
 */
export async function growth({ most, mostPolls }: Pick<Asked, 'most' | 'mostPolls'>): Promise<Outcome> {
  const bySize: Measured[] = []
  for (const votes of sizesUpTo(most ?? mostDefault)) bySize.push(await measurePoint({ ...plain, votes }))
  const compared = await measurePoint(plain)
  const others: Figure[] = []
  const measureOther = async (what: string, point: Point): Promise<void> => {
    const { costs } = await measurePoint(point)
    others.push(plainFigure(`CPU, ${what}`, 'us/vote', costs.map(totalOf), null))
  }
  for (const polls of pollCounts.filter((count) => count <= (mostPolls ?? Infinity))) {
    await measureOther(`${formatCount(polls)} polls at once`, { ...plain, polls })
  }
  for (const options of optionCounts) await measureOther(`${options} options`, { ...plain, options })
  for (const partitions of partitionCounts) await measureOther(`${partitions} partitions`, { ...plain, partitions })
  const totals = bySize.map(({ costs }) => median(costs.map(totalOf)))
  return {
    figures: [
      plainFigure('a vote in the largest poll to one in the smallest', 'x', [last(totals) / (totals[0] ?? 0)], {
        atMost: growthMost,
      }),
      ...bySize.flatMap(describeSize),
      plainFigure('CPU, 1 poll, 2 options, 1 partition', 'us/vote', compared.costs.map(totalOf), null),
      ...others,
    ],
    checked: [
      'every poll has in the ledger as many votes as were put into the stream for it, and no other poll has any',
      'counted anew (npm run recount -- --all) the ledger agrees with every tally',
    ],
    series: bySize.map(seriesRow),
  }
}

type Measured = {
  readonly point: Point
  readonly costs: readonly Cost[]
  readonly diskBytesPerVote: number
  readonly doorBytesPerVoter: number
  readonly streamBytesPerVote: number
}

function sizesUpTo(most: number): readonly number[] {
  const power = Math.log10(most)
  if (!Number.isInteger(power) || most <= least) throw new Error(`--most takes a power of ten above ${least}`)
  return Array.from({ length: power - Math.log10(least) + 1 }, (_, index) => least * 10 ** index)
}

async function measurePoint(point: Point): Promise<Measured> {
  const { votes, polls, options, partitions } = point
  const installation = await startInstallation({
    underTest: 'worker',
    partitions,
    env: { UNRECORDED_VOTES_MAX: String(2 * (warmUpVotes + Math.max(votes, measuredVotes))) },
  })
  try {
    // A small poll is full before enough was measured: then there are several, one after the other.
    const turns = Math.ceil(measuredVotes / votes)
    const create = async (count: number): Promise<readonly OrganisedPoll[]> => createPolls(installation, count, options)
    const warmUp = await create(1)
    const series: (readonly OrganisedPoll[])[] = []
    for (let turn = 0; turn < turns; turn += 1) series.push(await create(polls))
    await installation.rest('worker')
    const expected = new Map<string, number>()
    const fill = async (of: readonly OrganisedPoll[], count: number): Promise<void> => {
      const pollIds = of.map(({ id }) => id)
      const optionIds = of[0]?.optionIds ?? []
      await fillStream(installation, { pollIds, votes: count, optionIds, partitions })
      for (const id of pollIds) expected.set(id, count / pollIds.length)
    }
    await fill(warmUp, warmUpVotes)
    for (const turn of series) await fill(turn, votes)
    await installation.restart('worker')
    const all = warmUpVotes + turns * votes
    const costs = await watchCosts(installation, { votes: all, stretches, votesPerStretch })
    await proveLedger(installation.database, expected)
    await proveRecount(installation.database)
    // There is a turn, and it has a poll.
    const shown = series[0]![0]!
    const { doorBytes, streamBytes, streamVotes } = await readRedisMemory(installation, shown.id, partitions)
    const measured: Measured = {
      point,
      costs,
      diskBytesPerVote: (await ledgerBytes(installation)) / all,
      doorBytesPerVoter: (doorBytes * polls) / votes,
      streamBytesPerVote: streamBytes / streamVotes,
    }
    console.log(`  ${JSON.stringify(point)}: ${JSON.stringify(seriesRow(measured))}`)
    return measured
  } finally {
    await installation.stop()
  }
}

async function createPolls(
  { createPoll }: Installation,
  count: number,
  options: number,
): Promise<readonly OrganisedPoll[]> {
  const texts = Array.from({ length: options }, (_, index) => `Option ${index + 1}`)
  const created: OrganisedPoll[] = []
  let begun = 0
  const takeTurns = async (): Promise<void> => {
    while (begun < count) {
      begun += 1
      created.push(await createPoll({ options: texts }))
    }
  }
  await Promise.all(Array.from({ length: pollsCreatedAtOnce }, takeTurns))
  return created
}

/** The ledger with its index, as it lies on the disk. */
async function ledgerBytes({ database }: Installation): Promise<number> {
  const { rows } = await database.query<{ bytes: number }>("select pg_total_relation_size('vote')::float8 as bytes")
  return rows[0]?.bytes ?? 0
}

function describeSize({
  point,
  costs,
  diskBytesPerVote,
  doorBytesPerVoter,
  streamBytesPerVote,
}: Measured): readonly Figure[] {
  const at = `${formatCount(point.votes)} votes in the poll`
  return [
    plainFigure(`CPU, ${at}`, 'us/vote', costs.map(totalOf), null),
    plainFigure(`ledger on disk, ${at}`, 'bytes/vote', [diskBytesPerVote], null),
    plainFigure(`door in Redis, ${at}`, 'MiB/million voters', [mebibytesPerMillion(doorBytesPerVoter)], null),
    plainFigure(`stream in Redis, ${at}`, 'bytes/vote', [streamBytesPerVote], null),
  ]
}

function seriesRow({ point, costs, diskBytesPerVote, doorBytesPerVoter }: Measured): Readonly<Record<string, number>> {
  const of = (name: string): number => median(costs.map((cost) => cost[name] ?? 0))
  return {
    'votes in the poll': point.votes,
    'CPU of worker, PostgreSQL and Redis, us/vote': median(costs.map(totalOf)),
    'CPU of the worker, us/vote': of('worker'),
    'CPU of PostgreSQL, us/vote': of('postgres'),
    'ledger on disk, bytes/vote': diskBytesPerVote,
    'door in Redis, MiB/million voters': mebibytesPerMillion(doorBytesPerVoter),
  }
}

function totalOf(cost: Cost): number {
  return sumOf(cost, ['worker', 'postgres', 'redis'])
}

function mebibytesPerMillion(bytes: number): number {
  return (bytes * 1e6) / 2 ** 20
}

function formatCount(count: number): string {
  return count < 1000 ? String(count) : formatNumber(count)
}

function last(values: readonly number[]): number {
  return values.at(-1) ?? 0
}
