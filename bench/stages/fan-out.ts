import { setPriority } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { residentMiB } from '../../test/support/process-figures.ts'
import type { OrganisedPoll } from '../../test/support/organiser.ts'
import { againstFloor, type Outcome, percentilesOf, plainFigure } from '../figure.ts'
import { cpuTimeSince, readCpuTimes, sumOf } from '../site/cpu-time.ts'
import { type Crowd, startCrowd } from '../site/crowd.ts'
import { type Blocks, type EventLoops, watchEventLoops } from '../site/event-loop.ts'
import { type FloorProcess, startFloor } from '../site/floor-process.ts'
import { type Installation, startInstallation } from '../site/installation.ts'
import { type Load, startLoad, votesOf } from '../site/load.ts'
import { versionWith } from '../site/shown-version.ts'

const rounds = 3
const viewers = 10_000
const comePerSecond = 2_500
const roundMs = 8_000
const warmUpMs = 2_000
/** After the viewers have come: what was needed for their coming alone is given back. */
const settleMs = 8_000
/** Enough for a change in every update interval, and few enough to cost next to nothing. */
const votesPerSecond = 12
const connections = 4
const updatesPerSecond = 10
const crowdNiceness = 10

/** One poll, changing all the time, and everybody watches it: update -> viewers. */
export async function fanOut(): Promise<Outcome> {
  const loops = await watchEventLoops()
  const undo: (() => Promise<void>)[] = [loops.stop]
  try {
    const load = startLoad()
    undo.push(load.stop)
    const installation = await startInstallation({ underTest: 'api', env: loops.env })
    undo.push(installation.stop)
    const poll = await installation.createPoll()
    const floor = await startFloor('frame-once', loops.env)
    undo.push(floor.stop)
    const product = await gather(installation.apiPort, poll.id, installation.role('api').pid(), undo)
    const bare = await gather(floor.port, poll.id, floor.pid, undo)
    const telling: Telling = { installation, poll, load, loops, crowd: product.crowd, votes: 0, latencies: [] }
    await tellByProduct(telling, warmUpMs)
    await tellByFloor(floor, bare.crowd, loops, warmUpMs)
    const measured: { readonly product: Round; readonly floor: Round }[] = []
    telling.latencies = []
    for (let round = 0; round < rounds; round += 1) {
      const told = await tellByProduct(telling, roundMs)
      measured.push({ product: told, floor: await tellByFloor(floor, bare.crowd, loops, roundMs) })
    }
    await installation.provesVotes(poll, telling.votes)
    const of = (pick: (round: Round) => number) =>
      measured.map((round) => ({ product: pick(round.product), floor: pick(round.floor) }))
    const floorIs = 'the same frame to every socket'
    const voteMs = percentilesOf(telling.latencies)
    return {
      figures: [
        againstFloor(
          'CPU of the api',
          'us/message',
          of(({ cpu }) => cpu),
          floorIs,
          { atMost: 1.15 },
        ),
        againstFloor(
          `updates of ${viewers.toLocaleString('en')} viewers, of ${updatesPerSecond} wanted`,
          '/s',
          of(({ messagesPerSecond }) => messagesPerSecond / viewers),
          floorIs,
          null,
        ),
        plainFigure(
          'longest block, in processor time',
          'ms',
          measured.map(({ product: { block } }) => block.processorMs),
          { atMost: 10 },
        ),
        plainFigure(
          'longest block, by the clock',
          'ms',
          measured.map(({ product: { block } }) => block.clockMs),
          null,
        ),
        plainFigure(
          'longest block of the floor, by the clock',
          'ms',
          measured.map(({ floor: { block } }) => block.clockMs),
          null,
        ),
        plainFigure('p99 of a vote meanwhile', 'ms', [voteMs['p99'] ?? 0], { atMost: 50 }),
        plainFigure('memory', 'KB/viewer', [product.kilobytes], { atMost: 12 }),
        plainFigure('memory of the floor', 'KB/viewer', [bare.kilobytes], null),
      ],
      checked: [
        'every viewer ends at the last version, and none was shown an older one than before',
        'no connection ended, and every 202 is in the ledger, the tally and the cache, and nothing else is',
      ],
      latenciesMs: { [`a vote beside ${viewers} viewers`]: voteMs },
    }
  } finally {
    for (const step of undo.toReversed()) await step()
  }
}

type Gathered = { readonly crowd: Crowd; readonly kilobytes: number }

/** Brings the viewers, and says what memory each has cost. */
async function gather(port: number, pollId: string, pid: number, undo: (() => Promise<void>)[]): Promise<Gathered> {
  const before = residentMiB(pid)
  const crowd = await startCrowd({ port, pollId, viewers, perSecond: comePerSecond, notedEvery: 0 })
  undo.push(crowd.stop)
  // So many viewers use up their core, which in truth they would not share with Redis and with those who vote.
  setPriority(crowd.pid, crowdNiceness)
  await sleep(settleMs)
  return { crowd, kilobytes: ((residentMiB(pid) - before) * 1024) / viewers }
}

/** CPU in microseconds per message. */
type Round = { readonly cpu: number; readonly messagesPerSecond: number; readonly block: Blocks }

type Telling = {
  readonly installation: Installation
  readonly poll: OrganisedPoll
  readonly load: Load
  readonly loops: EventLoops
  readonly crowd: Crowd
  votes: number
  latencies: number[]
}

async function tellByProduct(telling: Telling, forMs: number): Promise<Round> {
  const { installation, poll, load, loops, crowd } = telling
  await load.prepare(votesOf(installation, poll.id, Math.ceil((votesPerSecond * forMs) / 1000)))
  return measure(installation.role('api').pid(), loops, crowd, async () => {
    const { answered, statuses, latencies } = await load.run({ connections, perSecond: votesPerSecond, forMs })
    if (statuses['202'] !== answered) throw new Error(`not every vote was accepted: ${JSON.stringify(statuses)}`)
    telling.votes += answered
    telling.latencies.push(...latencies)
    return versionWith(installation, poll, telling.votes)
  })
}

async function tellByFloor(floor: FloorProcess, crowd: Crowd, loops: EventLoops, tellForMs: number): Promise<Round> {
  // What the program answers to this.
  return measure(floor.pid, loops, crowd, async () => (await floor.ask({ tellForMs })) as number)
}

/** `tell` answers with the version that everybody must see in the end. */
async function measure(pid: number, loops: EventLoops, crowd: Crowd, tell: () => Promise<number>): Promise<Round> {
  const seenBefore = await crowd.seen()
  await loops.longestBlocks(pid)
  const cpuBefore = readCpuTimes({ pid })
  const beganAt = performance.now()
  const last = await tell()
  const seen = await crowd.seen()
  const ms = performance.now() - beganAt
  const seenLast = await crowd.allSee(last)
  const used = sumOf(cpuTimeSince(cpuBefore, readCpuTimes({ pid })))
  const block = await loops.longestBlocks(pid)
  if (seenLast.timesBack > 0 || seenLast.ended > 0) throw new Error(`viewers were lost: ${JSON.stringify(seenLast)}`)
  return {
    cpu: used / (seenLast.messages - seenBefore.messages),
    messagesPerSecond: ((seen.messages - seenBefore.messages) / ms) * 1000,
    block,
  }
}
