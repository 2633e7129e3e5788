import type { Assumptions } from './assumptions.ts'
import type { Chance } from './chance.ts'
import { type Cores, createCores } from './cores.ts'
import { createIntake, type Intake, type Partition } from './intake.ts'
import { createAnnouncer } from './news.ts'
import { createRecorder, type Recorder } from './recording.ts'
import { createRedisNode, type RedisNode } from './redis-node.ts'
import type { Timeline } from './timeline.ts'
import type { UnitCosts } from './unit-costs.ts'
import { type Audience, createAudience } from './viewing.ts'
import type { Waits } from './waits.ts'

export type Installation = {
  /** Api processes that take votes, each with a core. */
  readonly voteApis: number
  /** Api processes with viewers, each with a core; 0: those that take votes have them too. */
  readonly viewerApis: number
  readonly redisNodes: number
  readonly partitions: number
  /** Worker processes, each with a core, which share the partitions evenly. */
  readonly workers: number
  readonly postgresCores: number
  readonly updateIntervalMs: number
  /** That a worker records in one commit. */
  readonly entriesMax: number
  /** Whether all but the api share one core, as in the benchmarks. */
  readonly sharesCore?: boolean
  /**
   * One of so many partitions is played, with its share of Redis nodes, workers, cores of PostgreSQL and viewers, and stands for all of
   * them: what an api does for it, and what its news costs, counts so many times. Else a run would take hours.
   */
  readonly standsFor?: number
}

export type Counts = {
  /** In the log, whatever the voter was told. */
  appended: number
  accepted: number
  refused: number
  batches: number
  recorded: number
  commits: number
  frames: number
}

export type Service = {
  readonly intakes: readonly Intake[]
  readonly nodes: readonly RedisNode[]
  /** Since when the oldest vote waits for the ledger, of each partition where one does. */
  readonly oldest: () => readonly number[]
  /** Processor time that was used so far, by kind; of Redis (but the node with the poll's channel) and workers that of the busiest. */
  readonly usedMs: () => Readonly<Record<Kind, number>>
}

type Kind = 'voteApi' | 'viewerApi' | 'redis' | 'channel' | 'worker' | 'postgres'

export type Making = {
  readonly costs: UnitCosts
  readonly assumptions: Assumptions
  readonly installation: Installation
  readonly viewers: number
}

export type Notes = {
  readonly counts: Counts
  readonly answered: Pick<Waits, 'add'>
  readonly shown: Pick<Waits, 'add'>
  readonly chance: Chance
}

/** Of so many audiences it is noted what they were shown when: all are alike. */
const audiencesNoted = 3

/** One poll that everybody votes in and watches, and all that serves it. */
export function createService(timeline: Timeline, making: Making, notes: Notes): Service {
  const { assumptions, installation } = making
  const { standsFor = 1 } = installation
  const { counts, answered, chance } = notes
  const costs = countFor(making.costs, standsFor)
  const cores = createAllCores(timeline, installation)
  const nodes = cores.redis.map((core) => createRedisNode(timeline, core, costs, assumptions))
  const audiences = createAudiences(timeline, making, cores.viewerApi, costs, notes)
  const channel = createRedisNode(timeline, cores.channel, costs, assumptions)
  const announcers = cores.worker.map(() =>
    createAnnouncer(timeline, channel, {
      roundTripMs: assumptions.roundTripMs,
      listeners: (installation.voteApis + installation.viewerApis) * standsFor,
      tell: (readAt) => {
        for (const audience of audiences) audience.hear(readAt)
      },
    }),
  )
  const recorders = Array.from({ length: installation.partitions / standsFor }, (_, index) =>
    createRecorder(timeline, {
      costs,
      // There is a worker at least, with an announcer.
      worker: cores.worker[index % cores.worker.length]!,
      postgres: cores.postgres,
      entriesMax: installation.entriesMax,
      ...assumptions,
      votesInPoll: () => assumptions.votesInPoll + counts.recorded * standsFor,
      onCommitted: ({ votes, groups }) => {
        counts.recorded += votes
        counts.commits += 1
        for (const audience of audiences.slice(0, audiencesNoted)) audience.expect(groups)
        announcers[index % announcers.length]!.note()
      },
    }),
  )
  const partitions = recorders.map((recorder, index) => placePartition(recorder, nodes, index))
  return {
    intakes: cores.voteApi.map((core) =>
      createIntake(timeline, core, { costs, partitions, ...assumptions, chance, waits: answered, counts }),
    ),
    nodes,
    oldest: () => recorders.flatMap((recorder) => recorder.oldest() ?? []),
    usedMs: () => ({
      voteApi: meanOf(cores.voteApi),
      viewerApi: meanOf(cores.viewerApi),
      redis: mostOf(cores.redis),
      channel: cores.channel.usedMs(),
      worker: mostOf(cores.worker),
      postgres: (cores.postgres.usedMs() * standsFor) / installation.postgresCores,
    }),
  }
}

/** Votes of other partitions, and their news, that are not played. */
function countFor(costs: UnitCosts, times: number): UnitCosts {
  const { vote, batch, news } = costs.api
  return { ...costs, api: { ...costs.api, vote: vote * times, batch: batch * times, news: news * times } }
}

function createAudiences(
  timeline: Timeline,
  { installation, viewers }: Making,
  cores: readonly Cores[],
  costs: UnitCosts,
  { counts, shown }: Notes,
): readonly Audience[] {
  if (viewers === 0) return []
  const { standsFor = 1, updateIntervalMs } = installation
  return cores.map((core, index) =>
    createAudience(timeline, core, {
      costs,
      viewers: viewers / standsFor / cores.length,
      intervalMs: updateIntervalMs,
      waits: index < audiencesNoted ? shown : null,
      onShown: (count) => {
        counts.frames += count
      },
    }),
  )
}

function createAllCores(timeline: Timeline, installation: Installation) {
  const { voteApis, viewerApis, redisNodes, workers, postgresCores } = installation
  const { sharesCore = false, standsFor = 1 } = installation
  const many = (count: number): readonly Cores[] => Array.from({ length: count }, () => createCores(timeline, 1))
  const shared = createCores(timeline, 1)
  const voteApi = many(voteApis)
  return {
    voteApi,
    viewerApi: viewerApis === 0 ? voteApi : many(viewerApis / standsFor),
    redis: sharesCore ? [shared] : many(redisNodes / standsFor),
    channel: sharesCore ? shared : createCores(timeline, 1),
    worker: sharesCore ? [shared] : many(workers / standsFor),
    postgres: sharesCore ? shared : createCores(timeline, postgresCores / standsFor),
  }
}

function placePartition({ add }: Recorder, nodes: readonly RedisNode[], index: number): Partition {
  // There is a node at least.
  return { node: nodes[index % nodes.length]!, onAppended: add }
}

function meanOf(cores: readonly Cores[]): number {
  return cores.reduce((sum, core) => sum + core.usedMs(), 0) / cores.length
}

function mostOf(cores: readonly Cores[]): number {
  return Math.max(...cores.map((core) => core.usedMs()))
}
