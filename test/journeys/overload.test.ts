import { expect, test } from 'vitest'
import { sleep } from '../../src/runtime/stop-signal.ts'
import { type CrowdReport, startCrowd } from '../support/crowd.ts'
import { isRecorded } from '../support/fault-case.ts'
import { checkLedger, describeCheck } from '../support/ledger-check.ts'
import { organisePoll } from '../support/organiser.ts'
import { residentMiB } from '../support/process-figures.ts'
import { sumMetric } from '../support/sum-metric.ts'
import { type System, useSystem } from '../support/system.ts'
import { waitUntil } from '../support/wait-until.ts'

const overloadMs = 60_000
/** What is aimed at; the client steers by what was accepted a moment ago, so what it reaches moves about that. */
const times = 10
const timesMin = 5
const memoryMaxMiB = 512
/** One second is aimed at, and was held where the machine was left alone (0.59 to 0.87 s in four runs); one that others use needs longer. */
const answeredWithinMs = 2_000
/** Who wait for their answers while the accepted rate is measured. */
const calmConnections = 64
const calmMs = 4_000
const connections = 400
/** As many as the api lets wait on one. */
const perConnection = 32
/** A first guess of what is offered: so many times the votes that are accepted while nothing is refused. */
const guess = 4
/** Beyond this the crowd would measure itself. */
const lateMsMax = 1_000

const system = useSystem({ workers: 1, redis: 'own' })

test(
  'offered many times the votes that it accepts, for a minute, the api goes on accepting, refuses the others as soon, loses none, and memory stays bounded',
  { timeout: 240_000 },
  async () => {
    const { apis, apiUrl, database } = system()
    const poll = await organisePoll(apiUrl(0))
    const port = Number(new URL(apiUrl(0)).port)
    const crowd = await startCrowd(database.pool, { pollId: poll.id, optionIds: poll.optionIds, port })
    const memory = watchMemory(system())
    try {
      const offerCalmly = async (over: number): Promise<CrowdReport> =>
        crowd.offer({ connections: over, perConnection: 1, votesPerSecond: null, forMs: calmMs })
      // What has just started is slow, and of new connections one is let in at a time.
      await offerCalmly(connections)
      const calm = await offerCalmly(calmConnections)
      const refusals = async (): Promise<number> => sumMetric(apis, 'tallycast_votes_refused_total')
      const refusedBefore = await refusals()
      const votesPerSecond = { guess: guess * perSecond(calm.accepted.count, calm), times }
      const overload = await crowd.offer({ connections, perConnection, votesPerSecond, forMs: overloadMs })
      const refused = (await refusals()) - refusedBefore
      await waitUntil(async () => isRecorded(system()), { withinMs: 30_000, what: 'everything is recorded' })
      const mostMiB = await memory.stop()
      const check = await checkLedger(database.pool, poll.id, 1, await crowd.attempts())
      console.log(
        [
          `${calmConnections} voters at once: ${describeRates(calm)}`,
          `${(overload.sent / (overload.answers['202'] ?? 0)).toFixed(1)} times what is accepted, for ${overloadMs / 1000} s: ${describeRates(overload)}`,
          `memory at most: ${[...mostMiB].map(([name, mib]) => `${name} ${Math.round(mib)} MiB`).join(', ')}`,
          describeCheck(check),
        ].join('\n'),
      )
      expect(overload.lateMs).toBeLessThan(lateMsMax)
      // A Redis that is kept waiting by others on the machine for two seconds is `unavailable`, with the same status.
      const { unavailable, ...expected } = overload.answers
      expect(Object.keys(expected).toSorted()).toEqual(['202', '503', 'overloaded'])
      expect(unavailable ?? 0).toBeLessThan(0.01 * overload.sent)
      expect(overload.withoutRetryAfter).toBe(0)
      expect(refused).toBe(overload.answers['503'])
      expect(overload.sent).toBeGreaterThanOrEqual(timesMin * (overload.answers['202'] ?? 0))
      expect(overload.accepted.p99).toBeLessThanOrEqual(answeredWithinMs)
      expect(overload.refused.p99).toBeLessThanOrEqual(answeredWithinMs)
      expect(check).toMatchObject({ lost: 0, doubled: 0, phantom: 0 })
      expect(Math.max(...mostMiB.values())).toBeLessThanOrEqual(memoryMaxMiB)
      expect(apis.every((api) => api.isRunning())).toBe(true)
    } finally {
      await memory.stop()
      await crowd.stop()
    }
  },
)

/** The most that each process has held, looked at again and again. */
const watchMemory = ({ apis, workers, admins }: System) => {
  const most = new Map<string, number>()
  const stopping = new AbortController()
  const watch = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      for (const { name, pid } of [...apis, ...workers, ...admins]) {
        most.set(name, Math.max(most.get(name) ?? 0, residentMiB(pid())))
      }
      await sleep(250, stopping.signal)
    }
  }
  const watching = watch()
  return {
    stop: async (): Promise<ReadonlyMap<string, number>> => {
      stopping.abort()
      await watching
      return most
    },
  }
}

const perSecond = (votes: number, { ms }: CrowdReport): number => Math.round((votes / ms) * 1000)

const describeRates = (report: CrowdReport): string => {
  const { accepted, refused, newcomers, sent, notSent, lateMs } = report
  const round = ({ p50, p99, max }: CrowdReport['accepted']): string =>
    `p50 ${Math.round(p50)}, p99 ${Math.round(p99)}, max ${Math.round(max)} ms`
  return `${perSecond(sent, report)} sent, ${perSecond(notSent, report)} found every connection waiting, ${perSecond(accepted.count, report)} accepted (${round(accepted)}), ${perSecond(refused.count, report)} refused (${round(refused)}) a second; newcomers: ${round(newcomers)}; the crowd was ${Math.round(lateMs)} ms late`
}
