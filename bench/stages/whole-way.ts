import { againstFloor, type Outcome, percentilesOf, plainFigure } from '../figure.ts'
import { acceptedOf, CONNECTIONS as connections, startBarePost } from '../site/bare-post.ts'
import { cpuTimeSince, readCpuTimes, sumOf } from '../site/cpu-time.ts'
import { type Installation, startInstallation } from '../site/installation.ts'
import { type Load, startLoad, votesOf } from '../site/load.ts'
import { watchRecording } from '../site/recorded-votes.ts'
import { sustain } from '../site/sustained-rate.ts'

const sustainedShare = 0.8
const steadyMs = 60_000
const floorMs = 5_000
const floorRounds = 3

/**
 * The whole way of a vote: POST, log, ledger, tally, cache, news. First how many votes a second it takes to its end while they come as
 * fast as they are answered; then a minute at a share of that, and what everything together needs for a vote.
 */
export async function wholeWay(): Promise<Outcome> {
  const load = startLoad()
  const bare = await startBarePost()
  const installation = await startInstallation({ underTest: 'api' })
  try {
    await bare.measure(load, floorMs)
    const floors = [(await bare.measure(load, floorMs)).cpu]
    await sustain(load, installation)
    const sustained = await sustain(load, installation)
    const steady = await keepSteady(load, installation, sustainedShare * sustained)
    while (floors.length < floorRounds) floors.push((await bare.measure(load, floorMs)).cpu)
    const latency = percentilesOf(steady.latencies)
    return {
      figures: [
        plainFigure('sustained to the ledger', 'votes/s', [sustained], null),
        againstFloor(
          `CPU of all processes at ${sustainedShare * 100} %`,
          'us/vote',
          floors.map((floor) => ({ product: sumOf(steady.cpu), floor })),
          'node:http POST',
          { atMost: 2.6 },
        ),
        ...Object.entries(steady.cpu).map(([name, cpu]) => plainFigure(`CPU of ${name}`, 'us/vote', [cpu], null)),
        plainFigure('recorded after the last vote', 's', [steady.behindMs / 1000], { atMost: 5 }),
        plainFigure('p99 of an answer', 'ms', [latency['p99'] ?? 0], null),
      ],
      checked: ['every 202 is in the ledger, the tally and the cache, and nothing else is'],
      latenciesMs: { [`accepted at ${sustainedShare * 100} % of what is sustained`]: latency },
    }
  } finally {
    await load.stop()
    await bare.stop()
    await installation.stop()
  }
}

async function keepSteady(load: Load, installation: Installation, perSecond: number) {
  const poll = await installation.createPoll()
  await load.prepare(votesOf(installation, poll.id, Math.ceil((steadyMs / 1000) * perSecond)))
  const before = readCpuTimes(installation.pids())
  const report = await load.run({ connections, perSecond, forMs: steadyMs })
  const accepted = acceptedOf(report)
  const endedAt = performance.now()
  await watchRecording(installation.database, [poll.id], accepted)
  const behindMs = performance.now() - endedAt
  const used = cpuTimeSince(before, readCpuTimes(installation.pids()))
  await installation.provesVotes(poll, accepted)
  const cpu = Object.fromEntries(Object.entries(used).map(([name, time]) => [name, time / accepted]))
  return { cpu, behindMs, latencies: report.latencies }
}
