import type { PartitionLease, PresentWorkers } from '../../ports/partition-lease.ts'
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
 * An even share of the partitions: their number divided by the workers that are there, and of those that are left over one each for the
 * first workers, so that all shares together are all partitions. Rounded up for everybody, the shares of those that came first could be
 * all of it, and who came last would get nothing. Only who owns what rests on it; who may write rests on lease and checkpoint alone.
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
  let present: PresentWorkers = { workers: 1, before: 0 }

  async function count(forMs: number): Promise<void> {
    try {
      present = await lease.present(owner, forMs)
    } catch (error) {
      hooks.onError(error)
    }
  }

  return {
    most() {
      const workers = Math.max(1, present.workers)
      const leftOver = partitions() % workers
      return Math.floor(partitions() / workers) + (present.before < leftOver ? 1 : 0)
    },
    start: () => count(presentMs),
    async keep(signal) {
      while (!signal.aborted) {
        await hooks.sleep(EVERY_MS, signal)
        await count(signal.aborted ? 0 : presentMs)
      }
    },
  }
}
