import { setTimeout as sleep } from 'node:timers/promises'
import { type Outcome, type Percentiles, percentilesOf, plainFigure } from '../figure.ts'
import { type Notes, startCrowd } from '../site/crowd.ts'
import { type Installation, startInstallation } from '../site/installation.ts'
import { type Load, startLoad, votesOf } from '../site/load.ts'
import { versionWith } from '../site/shown-version.ts'

const comePerSecond = 2_500
const connections = 16
/** Viewers that note when they were shown what, for each poll. */
const noted = 50
const settleMs = 2_000

const calm: Series = { votesPerSecond: 5, viewers: 100, forMs: 30_000 }
const busy: Series = { votesPerSecond: 1_000, viewers: 5_000, forMs: 20_000 }

/** From the sending of a vote to the message that counts it, at a viewer: the whole way. */
export async function latency(): Promise<Outcome> {
  const load = startLoad()
  const undo: (() => Promise<void>)[] = [load.stop]
  try {
    const installation = await startInstallation({ underTest: 'api' })
    undo.push(installation.stop)
    await measure(installation, load, { votesPerSecond: 200, viewers: 100, forMs: settleMs })
    const ofCalm = await measure(installation, load, calm)
    const ofBusy = await measure(installation, load, busy)
    const figure = (ms: Percentiles, percentile: string, at: string, atMost: number | null) =>
      plainFigure(`${percentile} ${at}`, 'ms', [ms[percentile] ?? 0], atMost === null ? null : { atMost })
    const [inCalm, inBusy] = [describe(calm), describe(busy)]
    return {
      figures: [
        figure(ofCalm.shown, 'p50', inCalm, 5),
        figure(ofCalm.shown, 'p99', inCalm, 20),
        figure(ofCalm.accepted, 'p50', `of its 202 ${inCalm}`, null),
        figure(ofBusy.shown, 'p50', inBusy, 100),
        figure(ofBusy.shown, 'p99', inBusy, 250),
        figure(ofBusy.accepted, 'p50', `of its 202 ${inBusy}`, null),
      ],
      checked: [
        'every viewer ends at the last version, and none was shown an older one than before',
        'every 202 is in the ledger, the tally and the cache, and nothing else is',
      ],
      latenciesMs: { [inCalm]: ofCalm.shown, [inBusy]: ofBusy.shown },
    }
  } finally {
    for (const step of undo.toReversed()) await step()
  }
}

type Series = { readonly votesPerSecond: number; readonly viewers: number; readonly forMs: number }

function describe({ votesPerSecond, viewers }: Series): string {
  const [votes, watching] = [votesPerSecond, viewers].map((count) => count.toLocaleString('en'))
  return `at ${votes} votes/s, ${watching} viewers`
}

/** How long the votes took to their 202, and to each of the viewers that note it. */
type Waits = { readonly accepted: Percentiles; readonly shown: Percentiles }

async function measure(installation: Installation, load: Load, series: Series): Promise<Waits> {
  const { votesPerSecond, viewers, forMs } = series
  const poll = await installation.createPoll()
  const crowd = await startCrowd({
    port: installation.apiPort,
    pollId: poll.id,
    viewers,
    perSecond: comePerSecond,
    notedEvery: viewers / noted,
  })
  try {
    await sleep(settleMs)
    await crowd.notes()
    await load.prepare(votesOf(installation, poll.id, Math.ceil((votesPerSecond * forMs) / 1000)))
    const { statuses, answered, sentAtMs, latencies } = await load.run({
      connections,
      perSecond: votesPerSecond,
      forMs,
    })
    if (statuses['202'] !== answered) throw new Error(`not every vote was accepted: ${JSON.stringify(statuses)}`)
    const { timesBack, ended } = await crowd.allSee(await versionWith(installation, poll, answered))
    if (timesBack > 0 || ended > 0) throw new Error(`${timesBack} times an older version, ${ended} connections lost`)
    await installation.provesVotes(poll, answered)
    const shown = (await crowd.notes()).flatMap((notes) => waits(sentAtMs, notes))
    return { accepted: percentilesOf(latencies), shown: percentilesOf(shown) }
  } finally {
    await crowd.stop()
  }
}

/**
 * Whoever sees a total of n has seen n votes: as many as were sent first. Of votes that were on their way together another may
 * have been the n-th, which moves a wait from one to the other.
 */
function waits(sentAtMs: readonly number[], { totals, atMs }: Notes): readonly number[] {
  let seen = 0
  return totals.flatMap((total, index) => {
    const counted = sentAtMs.slice(seen, total)
    seen = Math.max(seen, total)
    return counted.map((sentAt) => (atMs[index] ?? 0) - sentAt)
  })
}
