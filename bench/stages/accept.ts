import { againstFloor, type Outcome, percentilesOf, plainFigure } from '../figure.ts'
import { measureAccepted, type Accepted } from '../site/accepted-votes.ts'
import { startBarePost } from '../site/bare-post.ts'
import { startInstallation } from '../site/installation.ts'
import { startLoad } from '../site/load.ts'

const rounds = 3
const roundMs = 5_000
const warmUpMs = 3_000
const calmMs = 10_000
const calmShare = 0.7

/** A vote on its way into the log: POST -> 202. */
export async function accept(): Promise<Outcome> {
  const load = startLoad()
  const bare = await startBarePost()
  const installation = await startInstallation({ underTest: 'api' })
  try {
    const measured: { readonly product: Accepted; readonly floor: Pick<Accepted, 'perSecond' | 'cpu'> }[] = []
    await bare.measure(load, warmUpMs)
    await measureAccepted(load, installation, { forMs: warmUpMs })
    for (let round = 0; round < rounds; round += 1) {
      const product = await measureAccepted(load, installation, { forMs: roundMs })
      measured.push({ product, floor: await bare.measure(load, roundMs) })
    }
    const capacity = Math.max(...measured.map(({ product }) => product.perSecond))
    const calm = await measureAccepted(load, installation, { forMs: calmMs, perSecond: calmShare * capacity })
    const of = (pick: (round: Pick<Accepted, 'perSecond' | 'cpu'>) => number) =>
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
