import { residentMiB } from '../../test/support/process-figures.ts'
import { type Outcome, plainFigure } from '../figure.ts'
import { prepareBulkLoad } from '../site/bulk-load.ts'
import { cpuTimeSince, readCpuTimes, sumOf } from '../site/cpu-time.ts'
import { type Installation, startInstallation } from '../site/installation.ts'

const rounds = 3
/** BENCH_VOTES: fewer, for a quick look. */
const votes = Number(process.env['BENCH_VOTES'] ?? 500_000)
const warmUpVotes = 50_000
const streams = 4
const sampleEveryMs = 100

/**
 * Votes of a trusted host, many in one request, each answered by a line of its own: into the log through one api. The worker
 * rests meanwhile, and records afterwards what was accepted; the ledger must have exactly that.
 */
export async function bulk(): Promise<Outcome> {
  const installation = await startInstallation({
    underTest: 'api',
    env: { UNRECORDED_VOTES_MAX: String(2 * Math.max(votes, warmUpVotes)) },
  })
  try {
    await measure(installation, warmUpVotes)
    const measured: Round[] = []
    for (let round = 0; round < rounds; round += 1) measured.push(await measure(installation, votes))
    const [first] = measured
    const figure = (what: string, unit: string, pick: (round: Round) => number) =>
      plainFigure(what, unit, measured.map(pick), null)
    return {
      figures: [
        plainFigure(
          'rate',
          'votes/s',
          measured.map(({ perSecond }) => perSecond),
          { atLeast: 100_000 },
        ),
        figure('CPU of the api', 'us/vote', ({ apiCpu }) => apiCpu),
        figure('CPU of redis', 'us/vote', ({ redisCpu }) => redisCpu),
        figure('memory of the api before', 'MiB', ({ residentBefore }) => residentBefore),
        figure('memory of the api, most', 'MiB', ({ residentMost }) => residentMost),
        plainFigure(
          'memory, last round to first',
          'x',
          [(measured.at(-1)?.residentMost ?? 0) / (first?.residentMost ?? 1)],
          { atMost: 1.2 },
        ),
      ],
      checked: [
        'each vote was answered by one line that says accepted, and there were no other lines',
        'each of them is in the ledger, the tally and the cache, and nothing else is',
      ],
    }
  } finally {
    await installation.stop()
  }
}

/** CPU in microseconds per vote, memory in MiB. */
type Round = {
  readonly perSecond: number
  readonly apiCpu: number
  readonly redisCpu: number
  readonly residentBefore: number
  readonly residentMost: number
}

async function measure(installation: Installation, count: number): Promise<Round> {
  const { apiPort: port, adminToken } = installation
  const poll = await installation.createPoll()
  const load = await prepareBulkLoad({
    port,
    adminToken,
    pollId: poll.id,
    optionIds: poll.optionIds,
    votes: count,
    streams,
  })
  await installation.rest('worker')
  const apiPid = installation.role('api').pid()
  const residentBefore = residentMiB(apiPid)
  let residentMost = residentBefore
  const sampling = setInterval(() => (residentMost = Math.max(residentMost, residentMiB(apiPid))), sampleEveryMs)
  const before = readCpuTimes(installation.pids())
  const { ms, accepted, others, firstOther } = await load.run()
  const used = cpuTimeSince(before, readCpuTimes(installation.pids()))
  clearInterval(sampling)
  if (accepted !== count || others > 0) {
    throw new Error(`of ${count} votes ${accepted} were accepted, ${others} lines say otherwise: ${firstOther}`)
  }
  await installation.restart('worker')
  await installation.provesVotes(poll, count)
  return {
    perSecond: (count / ms) * 1000,
    apiCpu: sumOf(used, ['api']) / count,
    redisCpu: sumOf(used, ['redis']) / count,
    residentBefore,
    residentMost,
  }
}
