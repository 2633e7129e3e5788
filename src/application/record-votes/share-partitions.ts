import type { PartitionLease } from '../../ports/partition-lease.ts'
import type { Share } from '../record-votes.ts'

/** One small statement. The partitions of a worker that leaves lie still for so long. */
const EVERY_MS = 500

export type SharePartitions = Share & {
  /** Counts the workers once, so that the first share is right. */
  start(): Promise<void>
  /** Goes on counting until the signal aborts, then leaves. Never rejects: without an answer the share stays as it was. */
  keep(signal: AbortSignal): Promise<void>
}

/**
 * An even share of the partitions: their number divided by the workers that are there, rounded up. Only who owns what rests on
 * it; who may write rests on lease and checkpoint alone.
 */
export function createSharePartitions(
  lease: Pick<PartitionLease, 'present'>,
  owner: string,
  presentMs: number,
  partitions: () => number,
  hooks: {
    readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>
    readonly onError: (error: unknown) => void
  },
): SharePartitions {
  let workers = 1

  async function count(forMs: number): Promise<void> {
    try {
      workers = Math.max(1, await lease.present(owner, forMs))
    } catch (error) {
      hooks.onError(error)
    }
  }

  return {
    most: () => Math.ceil(partitions() / workers),
    start: () => count(presentMs),
    async keep(signal) {
      while (!signal.aborted) {
        await hooks.sleep(EVERY_MS, signal)
        await count(signal.aborted ? 0 : presentMs)
      }
    },
  }
}
