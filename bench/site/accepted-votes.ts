import { acceptedOf, CONNECTIONS as connections } from './bare-post.ts'
import { cpuTimeSince, readCpuTimes, sumOf } from './cpu-time.ts'
import type { Installation } from './installation.ts'
import { type Load, votesOf } from './load.ts'

/** More sessions than the fastest machine uses up in a round. */
const votersPerSecond = 90_000

/** CPU in microseconds per answer: of all that takes part, and of the api alone. */
export type Accepted = {
  readonly perSecond: number
  readonly cpu: number
  readonly ownCpu: number
  readonly latencies: readonly number[]
}

/** `perSecond`: null for as fast as they are answered. */
export type AcceptPlan = { readonly forMs: number; readonly perSecond?: number | null }

/** Votes of as many voters into the log of a new poll. */
export async function measureAccepted(load: Load, installation: Installation, plan: AcceptPlan): Promise<Accepted> {
  const measure = await prepareAccepted(load, installation, plan)
  return measure()
}

/**
 * The same in two steps, so that several can be measured in the same seconds. The worker rests meanwhile, so that the load, Redis and
 * the api have the machine; it records afterwards what was accepted, and the ledger must have exactly that.
 */
export async function prepareAccepted(
  load: Load,
  installation: Installation,
  { forMs, perSecond = null }: AcceptPlan,
): Promise<() => Promise<Accepted>> {
  const poll = await installation.createPoll()
  const voters = Math.ceil((forMs / 1000) * (perSecond ?? votersPerSecond))
  await load.prepare(votesOf(installation, poll.id, voters))
  await installation.rest('worker')
  return async () => {
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
}
