import type { PartitionLease } from '../../ports/partition-lease.ts'
import type { PollStore } from '../../ports/poll-store.ts'

/** Every partition that may hold votes; asked again and again. */
export type ListPartitions = () => Promise<readonly number[]>

/** A poll keeps the number of partitions that it was made with, also where another number was configured since. */
export function createListPartitions(
  parts: { readonly lease: Pick<PartitionLease, 'partitions'>; readonly polls: Pick<PollStore, 'partitionsMax'> },
  configured: number,
): ListPartitions {
  const { lease, polls } = parts

  return async () => {
    const most = Math.max(configured, await polls.partitionsMax())
    return [...new Set([...Array(most).keys(), ...(await lease.partitions())])]
  }
}
