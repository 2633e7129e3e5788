import { createListPartitions } from '../application/record-votes/list-partitions.ts'
import { createFaultLog } from '../runtime/fault-log.ts'
import { measureOwners } from '../runtime/metrics.ts'
import { sleep } from '../runtime/stop-signal.ts'
import type { RoleContext } from './role.ts'

const lookEveryMs = 2_000

/**
 * Counts the partitions that nobody records. The admin does so, because a worker that is gone counts nothing. Runs until the signal
 * aborts, never rejects.
 */
export async function watchOwners({ config, adapters, registry, log, signal }: RoleContext): Promise<void> {
  const metrics = measureOwners(registry)
  const listPartitions = createListPartitions(adapters, config.votePartitions)
  const report = createFaultLog(log)
  while (!signal.aborted) {
    try {
      const owners = await adapters.lease.owners()
      const partitions = await listPartitions()
      metrics.withoutOwner(partitions.filter((partition) => !owners.has(partition)).length)
    } catch (err) {
      metrics.withoutOwner(Number.NaN)
      report({ err }, 'the owners of partitions could not be looked up')
    }
    await sleep(lookEveryMs, signal)
  }
}
