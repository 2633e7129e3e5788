import { againstFloor, type Outcome } from '../figure.ts'
import { type Accepted, prepareAccepted } from '../site/accepted-votes.ts'
import { startSpanCollector } from '../../test/support/span-collector.ts'
import { type Installation, startInstallation } from '../site/installation.ts'
import { type Load, startLoad } from '../site/load.ts'

const rounds = 9
/** Of each of two apis that share a core: some third of what both could take. */
const perSecond = 3_000
const roundMs = 4_000
/** As delivered, where traces are wanted at all; and of every vote. */
const shares = ['0.01', '1']

/** What traces take from votes: an installation that sends them beside one that does not, in the same seconds on the same core. */
export async function tracing(): Promise<Outcome> {
  const figures = []
  for (const share of shares) figures.push(await costOf(share))
  return {
    figures,
    checked: ['every 202 is in the ledger, the tally and the cache, and nothing else is, with traces and without'],
  }
}

async function costOf(share: string) {
  const undo: (() => Promise<void>)[] = []
  try {
    const collector = await startSpanCollector({ keeps: false })
    undo.push(collector.stop)
    const traced = {
      OTEL_TRACES_EXPORTER: 'otlp',
      OTEL_TRACES_SAMPLER_ARG: share,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    }
    const sides: { readonly load: Load; readonly installation: Installation }[] = []
    for (const env of [traced, {}]) {
      const load = startLoad()
      undo.push(load.stop)
      const installation = await startInstallation({ underTest: 'api', env })
      undo.push(installation.stop)
      sides.push({ load, installation })
    }
    const measured: { readonly product: number; readonly floor: number }[] = []
    // The first round warms up.
    for (let round = 0; round <= rounds; round += 1) {
      const begin: (() => Promise<Accepted>)[] = []
      for (const { load, installation } of sides)
        begin.push(await prepareAccepted(load, installation, { forMs: roundMs, perSecond }))
      const [product, floor] = await Promise.all(begin.map(async (measure) => measure()))
      if (round > 0) measured.push({ product: product?.cpu ?? 0, floor: floor?.cpu ?? 0 })
    }
    if (collector.requests() === 0) throw new Error('no span was sent')
    return againstFloor(
      `CPU of api and redis, ${share} of the votes traced`,
      'us/vote',
      measured,
      'the same without traces',
      null,
    )
  } finally {
    for (const step of undo.toReversed()) await step()
  }
}
