import { createFaultLog } from '../runtime/fault-log.ts'
import { measureReplica } from '../runtime/metrics.ts'
import { sleep } from '../runtime/stop-signal.ts'
import type { RoleContext } from './role.ts'

const lookEveryMs = 1_000
/** Exports wait a second for it; one that is much further behind wants a person. */
const behindMs = 10_000

/** Tells by metric and log how far the replica lies behind, where there is one. Runs until the signal aborts, never rejects. */
export async function watchReplica({ adapters, log, registry, signal }: RoleContext): Promise<void> {
  const { replicaLag } = adapters
  const metrics = measureReplica(registry)
  if (replicaLag === null) return
  const report = createFaultLog(log)
  let wasBehind = false
  while (!signal.aborted) {
    await sleep(lookEveryMs, signal)
    if (signal.aborted) return
    try {
      const lagMs = await replicaLag()
      metrics.lag(lagMs / 1000)
      const isBehind = lagMs > behindMs
      if (isBehind && !wasBehind) log.warn({ lagMs }, 'the replica lies far behind the primary')
      if (wasBehind && !isBehind) log.warn('the replica has caught up with the primary')
      wasBehind = isBehind
    } catch (err) {
      metrics.lag(Number.NaN)
      report({ err }, 'nobody knows how far the replica is')
    }
  }
}
