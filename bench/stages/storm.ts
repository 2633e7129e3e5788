import { type Outcome, plainFigure } from '../figure.ts'
import { cpuTimeSince, readCpuTimes, sumOf } from '../site/cpu-time.ts'
import { type Crowd, startCrowd } from '../site/crowd.ts'
import { type Installation, startInstallation } from '../site/installation.ts'
import { startLoad, votesOf } from '../site/load.ts'
import { versionWith } from '../site/shown-version.ts'

const rounds = 3
const viewers = 10_000
const comePerSecond = 2_500
/** Within which the viewers of a network that was lost come back, each at a random moment. */
const returnWithinMs = 2_000
const backWithinMs = 60_000
const votes = 10

/** Everybody loses the connection at the same moment, and comes back: the network was gone, or the api was. */
export async function storm(): Promise<Outcome> {
  const load = startLoad()
  const undo: (() => Promise<void>)[] = [load.stop]
  try {
    const installation = await startInstallation({ underTest: 'api', countsApiQueries: true })
    undo.push(installation.stop)
    const poll = await installation.createPoll()
    const crowd = await startCrowd({
      port: installation.apiPort,
      pollId: poll.id,
      viewers,
      perSecond: comePerSecond,
      notedEvery: 0,
    })
    undo.push(crowd.stop)
    const lost: Round[] = []
    const killed: Round[] = []
    let total = 0
    for (let round = 0; round < rounds; round += 1) {
      // Another version each time, which they must have when they are back.
      await load.prepare(votesOf(installation, poll.id, votes))
      const { answered } = await load.run({ connections: 1, perSecond: 100, forMs: 1_000 })
      total += answered
      const version = await versionWith(installation, poll, total)
      await crowd.allSee(version)
      lost.push(await measure(installation, crowd, version, async () => crowd.drop(returnWithinMs)))
      killed.push(await measure(installation, crowd, version, async () => killApi(installation)))
    }
    await installation.provesVotes(poll, total)
    const of = (measured: readonly Round[], pick: (round: Round) => number) => measured.map(pick)
    return {
      figures: [
        plainFigure(
          'all back, the network was lost',
          's',
          of(lost, ({ seconds }) => seconds),
          { atMost: 15 },
        ),
        plainFigure(
          'all back, the api was killed',
          's',
          of(killed, ({ seconds }) => seconds),
          { atMost: 15 },
        ),
        plainFigure(
          'CPU of the api',
          'us/viewer',
          of(lost, ({ cpu }) => cpu),
          null,
        ),
        plainFigure(
          'queries to PostgreSQL',
          'in all',
          [[...lost, ...killed].reduce((sum, { queries }) => sum + queries, 0)],
          { atMost: 0 },
        ),
      ],
      checked: ['every viewer is back and has the newest version, and none was ever shown an older one than before'],
    }
  } finally {
    for (const step of undo.toReversed()) await step()
  }
}

type Round = { readonly seconds: number; readonly cpu: number; readonly queries: number }

async function measure(
  installation: Installation,
  crowd: Crowd,
  version: number,
  lose: () => Promise<void>,
): Promise<Round> {
  const { ended } = await crowd.seen()
  await installation.apiQueries()
  const cpuBefore = readCpuTimes({ api: installation.role('api').pid() })
  const beganAt = performance.now()
  await lose()
  const { timesBack, ended: endedNow } = await crowd.allSee(version, backWithinMs)
  const seconds = (performance.now() - beganAt) / 1000
  const used = sumOf(cpuTimeSince(cpuBefore, readCpuTimes({ api: installation.role('api').pid() })))
  if (timesBack > 0) throw new Error(`viewers were shown an older version ${timesBack} times`)
  if (endedNow - ended < viewers) throw new Error(`only ${endedNow - ended} viewers have lost their connection`)
  return { seconds, cpu: used / viewers, queries: await installation.apiQueries() }
}

async function killApi(installation: Installation): Promise<void> {
  installation.role('api').signal('SIGKILL')
  await installation.role('api').ended()
  await installation.restart('api')
}
