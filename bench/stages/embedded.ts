import { type Outcome, percentilesOf, plainFigure } from '../figure.ts'
import { acceptedOf, CONNECTIONS as connections } from '../site/bare-post.ts'
import { cpuTimeSince, readCpuTimes, sumOf } from '../site/cpu-time.ts'
import { startInstallation } from '../site/installation.ts'
import { startLoad, votesOf } from '../site/load.ts'
import { watchRecording } from '../site/recorded-votes.ts'

const rounds = 3
const roundMs = 6_000
/** More sessions than the fastest machine uses up. */
const votersPerSecond = 60_000

/** The profile that needs PostgreSQL alone: votes through its log into the ledger, all of it on one disk. */
export async function embedded(): Promise<Outcome> {
  const load = startLoad()
  const installation = await startInstallation({ underTest: 'api', profile: 'postgres' })
  const measured: { readonly accepted: number; readonly recorded: number; readonly cpu: number }[] = []
  let latencies: readonly number[] = []
  try {
    // The first one warms up.
    for (let round = 0; round <= rounds; round += 1) {
      const poll = await installation.createPoll()
      await load.prepare(votesOf(installation, poll.id, (roundMs / 1000) * votersPerSecond))
      const before = readCpuTimes(installation.pids())
      const beganAt = performance.now()
      const report = await load.run({ connections, perSecond: null, forMs: roundMs })
      const accepted = acceptedOf(report)
      await watchRecording(installation.database, [poll.id], accepted)
      const ms = performance.now() - beganAt
      const cpu = sumOf(cpuTimeSince(before, readCpuTimes(installation.pids()))) / accepted
      await installation.provesVotes(poll, accepted)
      if (round > 0) measured.push({ accepted: report.perSecond, recorded: (accepted / ms) * 1000, cpu })
      ;({ latencies } = report)
    }
    const of = (what: keyof (typeof measured)[number]) => measured.map((one) => one[what])
    return {
      figures: [
        plainFigure('durable from POST to ledger', 'votes/s', of('recorded'), { atLeast: 5_000 }),
        plainFigure('accepted', 'votes/s', of('accepted'), null),
        plainFigure('CPU of all processes', 'us/vote', of('cpu'), null),
      ],
      checked: ['every 202 is in the ledger, the tally and the cache, and nothing else is'],
      latenciesMs: { 'accepted, as fast as they are answered': percentilesOf(latencies) },
    }
  } finally {
    await load.stop()
    await installation.stop()
  }
}
