import { setTimeout as sleep } from 'node:timers/promises'
import type { OrganisedPoll } from '../../test/support/organiser.ts'
import { type Figure, median, type Outcome, plainFigure } from '../figure.ts'
import { CONNECTIONS as connections } from '../site/bare-post.ts'
import { startCrowd } from '../site/crowd.ts'
import { type Heap, type Heaps, watchHeaps } from '../site/heaps.ts'
import { type Installation, startInstallation } from '../site/installation.ts'
import { type Load, type LoadReport, mintTokens, startLoad, voterKeysOf, votesBy } from '../site/load.ts'
import { countRecorded, proveLedger, proveRecount } from '../site/recount.ts'
import { countAppended } from '../site/redis-memory.ts'
import { watchRecording } from '../site/recorded-votes.ts'
import { versionWith } from '../site/shown-version.ts'
import { sustain } from '../site/sustained-rate.ts'
import type { Asked } from '../stages.ts'

const minutesDefault = 30
/** One for each third. */
const minutesLeast = 3
const shareOfCapacity = 0.5
const minuteMs = 60_000
const viewers = 300
const comePerSecond = 100
const awayMsMost = 5_000
const heapGrowthMost = 1.05

/**
 * Votes at half of what is sustained, minute after minute. Each minute has a poll of its own: its viewers come, lose their connections
 * once and come back, and leave; and it is closed. What each process still holds is looked at in the middle of each minute.
 */
export async function soak({ minutes: asked, votesPerSecond }: Asked): Promise<Outcome> {
  const minutes = Math.round(asked ?? minutesDefault)
  if (minutes < minutesLeast) throw new Error(`--minutes takes ${minutesLeast} or more: one for each third`)
  const heaps = await watchHeaps()
  const undo: (() => Promise<void>)[] = [heaps.stop]
  try {
    const loads = [startLoad(), startLoad()] as const
    undo.push(...loads.map(({ stop }) => stop))
    const installation = await startInstallation({ underTest: 'api', env: heaps.env })
    undo.push(installation.stop)
    const capacity = votesPerSecond === null ? await measureCapacity(loads[0], installation) : null
    const rate = Math.floor(votesPerSecond ?? shareOfCapacity * (capacity ?? 0))
    const soaking: Soaking = { installation, heaps, rate, expected: await countByPoll(installation) }
    const seen = await soakFor(minutes, soaking, loads)
    await proveLedger(installation.database, soaking.expected)
    await proveRecount(installation.database)
    return {
      figures: describe(seen, rate, capacity),
      checked: [
        'every vote was answered, with 202 or with 503',
        'the voters whose votes were answered 202 are those in the ledger, poll by poll, none more and none fewer',
        'counted anew (npm run recount -- --all) the ledger agrees with every tally',
        'every viewer ended at the last version, and none was shown an older one than before',
      ],
      series: seen.map(({ row }) => row),
    }
  } finally {
    for (const step of undo.toReversed()) await step()
  }
}

type Soaking = {
  readonly installation: Installation
  readonly heaps: Heaps
  readonly rate: number
  /** Votes of each poll so far. */
  readonly expected: Map<string, number>
}

type Minute = {
  readonly accepted: number
  readonly refused: number
  /** From the last answer until everything is recorded. */
  readonly behindMs: number
  readonly row: Readonly<Record<(typeof columns)[number], number>>
}

const columns = [
  'minute',
  'heap of the api, MiB',
  'heap of the worker, MiB',
  'memory of the api, MiB',
  'memory of the worker, MiB',
  'accepted votes not yet in the ledger',
] as const

/** The first run finds everything cold. */
async function measureCapacity(load: Load, installation: Installation): Promise<number> {
  await sustain(load, installation)
  return sustain(load, installation)
}

/** While one minute runs, the next is prepared, so that the votes hardly pause. */
async function soakFor(minutes: number, soaking: Soaking, loads: readonly [Load, Load]): Promise<readonly Minute[]> {
  const seen: Minute[] = []
  let next = await prepare(soaking, loads[0])
  for (let minute = 1; minute <= minutes; minute += 1) {
    const running = runMinute(soaking, next, minute)
    const [ran, prepared] = await Promise.all([
      running,
      minute < minutes ? prepare(soaking, loads[minute % 2 === 0 ? 0 : 1]) : next,
    ])
    seen.push(ran)
    next = prepared
    console.log(`  ${columns.map((column) => `${column}: ${Math.round(ran.row[column] * 10) / 10}`).join(', ')}`)
  }
  return seen
}

type Prepared = { readonly load: Load; readonly poll: OrganisedPoll; readonly tokens: readonly string[] }

async function prepare({ installation, rate }: Soaking, load: Load): Promise<Prepared> {
  const poll = await installation.createPoll()
  const tokens = mintTokens(installation, Math.ceil((rate * minuteMs) / 1000))
  await load.prepare(votesBy(installation, poll.id, tokens))
  return { load, poll, tokens }
}

async function runMinute(soaking: Soaking, { load, poll, tokens }: Prepared, minute: number): Promise<Minute> {
  const { installation, rate } = soaking
  const plan = { port: installation.apiPort, pollId: poll.id, viewers, perSecond: comePerSecond, notedEvery: 0 }
  const voting = load.run({ connections, perSecond: rate, forMs: minuteMs })
  // Whoever looks at the middle first may throw, and then nobody waits for it.
  voting.catch(() => undefined)
  const beganAt = performance.now()
  const crowd = await startCrowd(plan)
  try {
    await sleep(Math.max(0, beganAt + minuteMs / 2 - performance.now()))
    const row = await lookAt(soaking, minute)
    await crowd.drop(awayMsMost)
    const report = await voting
    const refused = new Set(report.refused)
    const acknowledged = tokens.slice(0, report.sent).filter((_, index) => !refused.has(index))
    const accepted = countAccepted(report, acknowledged.length)
    soaking.expected.set(poll.id, accepted)
    const endedAt = performance.now()
    await watchRecording(installation.database, [poll.id], accepted)
    const behindMs = performance.now() - endedAt
    const { timesBack } = await crowd.allSee(await versionWith(installation, poll, accepted))
    if (timesBack > 0) throw new Error(`${timesBack} times a viewer was shown an older version`)
    await proveVoters(installation, poll.id, acknowledged)
    await poll.step('close')
    return { accepted, refused: refused.size, behindMs, row }
  } finally {
    await crowd.stop()
  }
}

/** Throws where anything was answered but 202 and the 503 of an overload, or not at all. */
function countAccepted({ statuses, sent }: LoadReport, acknowledged: number): number {
  const { '202': accepted = 0, '503': refused = 0 } = statuses
  if (accepted !== acknowledged || accepted + refused !== sent) {
    throw new Error(`of ${sent} votes not all were answered as they may be: ${JSON.stringify(statuses)}`)
  }
  return accepted
}

/** What the processes hold, and what waits for the worker. */
async function lookAt({ installation, heaps }: Soaking, minute: number): Promise<Minute['row']> {
  const waiting = await countWaiting(installation)
  const [api, worker] = [await collect(installation, heaps, 'api'), await collect(installation, heaps, 'worker')]
  return {
    minute,
    'heap of the api, MiB': api.heap,
    'heap of the worker, MiB': worker.heap,
    'memory of the api, MiB': api.resident,
    'memory of the worker, MiB': worker.resident,
    'accepted votes not yet in the ledger': waiting,
  }
}

async function collect(installation: Installation, heaps: Heaps, role: 'api' | 'worker'): Promise<Heap> {
  return heaps.collect(installation.role(role).pid())
}

/** Asked for in this order, so that it is never too few. */
async function countWaiting(installation: Installation): Promise<number> {
  const recorded = await countRecorded(installation.database)
  return (await countAppended(installation)) - recorded
}

/** Votes by poll, of what was recorded before. */
async function countByPoll({ database }: Installation): Promise<Map<string, number>> {
  const { rows } = await database.query<{ pollId: string; votes: number }>(
    'select poll_id as "pollId", sum(total_votes)::float8 as votes from tally group by poll_id',
  )
  return new Map(rows.map(({ pollId, votes }) => [pollId, votes]))
}

/** Throws unless exactly these have a vote in the ledger. */
async function proveVoters(installation: Installation, pollId: string, tokens: readonly string[]): Promise<void> {
  const acknowledged = new Set<string>(await voterKeysOf(installation, pollId, tokens))
  const { rows } = await installation.database.query<{ voter: Buffer }>('select voter from vote where poll_id = $1', [
    pollId,
  ])
  const unknown = rows.filter(({ voter }) => !acknowledged.has(voter.toString('hex'))).length
  if (unknown > 0 || rows.length !== acknowledged.size) {
    const lost = acknowledged.size - (rows.length - unknown)
    throw new Error(
      `of ${acknowledged.size} acknowledged voters ${lost} are not in the ledger, and ${unknown} others are`,
    )
  }
}

function describe(seen: readonly Minute[], rate: number, capacity: number | null): readonly Figure[] {
  const of = (column: (typeof columns)[number]): readonly number[] => seen.map(({ row }) => row[column])
  const accepted = seen.reduce((sum, minute) => sum + minute.accepted, 0)
  const refused = seen.reduce((sum, minute) => sum + minute.refused, 0)
  const growthOf = (role: 'api' | 'worker'): Figure =>
    plainFigure(
      `heap of the ${role}, last third to middle third`,
      'x',
      [growthOfLastThird(of(`heap of the ${role}, MiB`))],
      {
        atMost: heapGrowthMost,
      },
    )
  return [
    plainFigure('minutes', 'min', [seen.length], null),
    ...(capacity === null ? [] : [plainFigure('sustained to the ledger', 'votes/s', [capacity], null)]),
    plainFigure('votes sent', 'votes/s', [rate], null),
    plainFigure(
      'votes accepted of those that were due',
      '%',
      [(100 * accepted) / ((seen.length * rate * minuteMs) / 1000)],
      {
        atLeast: 99,
      },
    ),
    plainFigure('votes refused, 503', 'votes', [refused], { atMost: 0 }),
    growthOf('api'),
    growthOf('worker'),
    ...(['api', 'worker'] as const).flatMap((role) => [
      plainFigure(`heap of the ${role}`, 'MiB', of(`heap of the ${role}, MiB`), null),
      plainFigure(`memory of the ${role} at the end`, 'MiB', of(`memory of the ${role}, MiB`).slice(-1), null),
    ]),
    plainFigure('accepted and not yet recorded, most', 'votes', [Math.max(...of(columns[5]))], null),
    plainFigure('recorded after the last vote', 's', [(seen.at(-1)?.behindMs ?? Infinity) / 1000], { atMost: 2 }),
  ]
}

function growthOfLastThird(heaps: readonly number[]): number {
  const third = Math.floor(heaps.length / 3)
  return median(heaps.slice(-third)) / median(heaps.slice(-2 * third, -third))
}
