import { againstFloor, type Outcome, plainFigure } from '../figure.ts'
import { cpuTimeSince, readCpuTimes, sumOf } from '../site/cpu-time.ts'
import { type Installation, startInstallation } from '../site/installation.ts'
import { measureRawInsert } from '../site/raw-insert.ts'
import { watchRecording } from '../site/recorded-votes.ts'
import { fillStream } from '../site/waiting-votes.ts'

const rounds = 3
/** BENCH_VOTES: fewer, for a quick look. */
const votes = Number(process.env['BENCH_VOTES'] ?? 1_000_000)
/** Enough for the first look at every code path and page; not counted. */
const warmUpVotes = 50_000

/** What waits in the stream, into the ledger: one worker on a core of its own, PostgreSQL and Redis on the other. */
export async function drain(): Promise<Outcome> {
  const installation = await startInstallation({
    underTest: 'worker',
    env: { UNRECORDED_VOTES_MAX: String(2 * votes) },
  })
  try {
    await measureDrain(installation, warmUpVotes)
    const measured = []
    for (let round = 0; round < rounds; round += 1) {
      const product = await measureDrain(installation, votes)
      await installation.rest('worker')
      const floor = await measureRawInsert(installation, votes)
      await installation.restart('worker')
      measured.push({ product, floor })
    }
    const small = await measureDrain(installation, votes / 4, 16)
    return {
      figures: [
        plainFigure(
          'rate',
          'votes/s',
          measured.map(({ product }) => product.perSecond),
          { atLeast: 80_000 },
        ),
        againstFloor(
          'rate against the floor',
          'votes/s',
          measured.map(({ product, floor }) => ({ product: product.perSecond, floor: floor.perSecond })),
          'raw unnest insert',
          { atLeast: 0.6 },
        ),
        plainFigure(
          'CPU of the worker',
          'us/vote',
          measured.map(({ product }) => product.workerCpu),
          { atMost: 3 },
        ),
        againstFloor(
          'CPU of PostgreSQL',
          'us/vote',
          measured.map(({ product, floor }) => ({ product: product.postgresCpu, floor: floor.postgresCpu })),
          'raw unnest insert',
          null,
        ),
        plainFigure(
          'CPU of Redis',
          'us/vote',
          measured.map(({ product }) => product.redisCpu),
          null,
        ),
        plainFigure('rate of entries of 16 votes', 'votes/s', [small.perSecond], null),
        plainFigure('CPU of the worker, entries of 16', 'us/vote', [small.workerCpu], null),
      ],
      checked: ['every vote in the stream is in the ledger once, in the tally and in the cache'],
    }
  } finally {
    await installation.stop()
  }
}

export type Drained = {
  readonly perSecond: number
  /** In microseconds per vote. */
  readonly workerCpu: number
  readonly postgresCpu: number
  readonly redisCpu: number
}

async function measureDrain(installation: Installation, count: number, callsPerEntry?: number): Promise<Drained> {
  const poll = await installation.createPoll()
  await installation.rest('worker')
  const { optionIds } = poll
  const sized = callsPerEntry === undefined ? {} : { callsPerEntry }
  await fillStream(installation, { pollIds: [poll.id], votes: count, optionIds, ...sized })
  await installation.restart('worker')
  const before = readCpuTimes(installation.pids())
  const { perSecond } = await watchRecording(installation.database, [poll.id], count)
  const used = cpuTimeSince(before, readCpuTimes(installation.pids()))
  await installation.provesVotes(poll, count)
  return {
    perSecond,
    workerCpu: sumOf(used, ['worker']) / count,
    postgresCpu: sumOf(used, ['postgres']) / count,
    redisCpu: sumOf(used, ['redis']) / count,
  }
}
