import { againstFloor, type Outcome, percentilesOf, plainFigure } from '../figure.ts'
import { acceptedOf, CONNECTIONS as connections, startBarePost } from '../site/bare-post.ts'
import { cpuTimeSince, readCpuTimes, sumOf } from '../site/cpu-time.ts'
import { type Installation, startInstallation } from '../site/installation.ts'
import { type Load, startLoad, votesOf } from '../site/load.ts'

const rounds = 3
const roundMs = 5_000
const warmUpMs = 3_000
const calmMs = 10_000
const calmShare = 0.7
/** More sessions than the fastest machine uses up in a round. */
const votersPerSecond = 90_000

/**
 * A vote on its way into the log: POST -> 202. The worker rests meanwhile, so that the load, Redis and the api have the machine;
 * it records afterwards what was accepted, and the ledger must have exactly that.
 */
export async function accept(): Promise<Outcome> {
  const load = startLoad()
  const bare = await startBarePost()
  const installation = await startInstallation({ underTest: 'api' })
  try {
    const measured: { readonly product: Round; readonly floor: Pick<Round, 'perSecond' | 'cpu'> }[] = []
    await bare.measure(load, warmUpMs)
    await measureProduct(load, installation, warmUpMs)
    for (let round = 0; round < rounds; round += 1) {
      const product = await measureProduct(load, installation, roundMs)
      measured.push({ product, floor: await bare.measure(load, roundMs) })
    }
    const capacity = Math.max(...measured.map(({ product }) => product.perSecond))
    const calm = await measureProduct(load, installation, calmMs, calmShare * capacity)
    const of = (pick: (round: Pick<Round, 'perSecond' | 'cpu'>) => number) =>
      measured.map(({ product, floor }) => ({ product: pick(product), floor: pick(floor) }))
    const latency = percentilesOf(calm.latencies)
    return {
      figures: [
        againstFloor(
          'rate',
          'votes/s',
          of(({ perSecond }) => perSecond),
          'node:http POST',
          { atLeast: 0.65 },
        ),
        againstFloor(
          'CPU of api and redis',
          'us/vote',
          of(({ cpu }) => cpu),
          'node:http POST',
          { atMost: 1.7 },
        ),
        plainFigure(
          'CPU of the api',
          'us/vote',
          measured.map(({ product }) => product.ownCpu),
          null,
        ),
        plainFigure(`p99 at ${calmShare * 100} %`, 'ms', [latency['p99'] ?? 0], { atMost: 10 }),
        plainFigure(`p50 at ${calmShare * 100} %`, 'ms', [latency['p50'] ?? 0], null),
      ],
      checked: ['every 202 is in the ledger, the tally and the cache, and nothing else is'],
      latenciesMs: { [`accepted at ${calmShare * 100} %`]: latency },
    }
  } finally {
    await load.stop()
    await bare.stop()
    await installation.stop()
  }
}

/** CPU in microseconds per answer: of all that takes part, and of the serving process alone. */
type Round = {
  readonly perSecond: number
  readonly cpu: number
  readonly ownCpu: number
  readonly latencies: readonly number[]
}

async function measureProduct(
  load: Load,
  installation: Installation,
  forMs: number,
  perSecond: number | null = null,
): Promise<Round> {
  const poll = await installation.createPoll()
  const voters = Math.ceil((forMs / 1000) * (perSecond ?? votersPerSecond))
  await load.prepare(votesOf(installation, poll.id, voters))
  await installation.rest('worker')
  const before = readCpuTimes(installation.pids())
  const report = await load.run({ connections, perSecond, forMs })
  const used = cpuTimeSince(before, readCpuTimes(installation.pids()))
  const accepted = acceptedOf(report)
  await installation.restart('worker')
  await installation.provesVotes(poll, accepted)
  return {
    perSecond: report.perSecond,
    cpu: sumOf(used, ['api', 'redis']) / accepted,
    ownCpu: sumOf(used, ['api']) / accepted,
    latencies: report.latencies,
  }
}
