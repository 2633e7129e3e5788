import { isRefused, type Refused } from '../../domain/refusal.ts'
import type { PartitionLease } from '../../ports/partition-lease.ts'
import type { Caller } from '../../ports/poll-admin.ts'
import type { VoteStream } from '../../ports/vote-stream.ts'
import { authorizeScope } from '../authorize.ts'
import { judgeFor, type JudgeBearer } from '../judge-bearer.ts'

/** How far the votes of one partition are recorded. */
export type PartitionStatus = {
  readonly partition: number
  readonly epoch: number
  readonly recorded: string
  /** The worker that records it; null while there is none. */
  readonly owner: string | null
  readonly waitingVotes: number
  readonly oldestWaitingMs: number
  /** The format version of the next entry, where it waits for a worker of a newer version; else null. */
  readonly newerFormat: number | null
}

export type ShowPipeline = (caller: Caller) => Promise<readonly PartitionStatus[] | Refused>

/** Needs the scope `admin`. */
export function createShowPipeline(parts: {
  readonly lease: Pick<PartitionLease, 'read' | 'owners' | 'partitions'>
  readonly stream: Pick<VoteStream, 'backlog'>
  readonly partitions: number
  readonly judgeBearer: Pick<JudgeBearer, 'judge'>
}): ShowPipeline {
  const { lease, stream, partitions, judgeBearer } = parts

  return async ({ bearer }) => {
    const holder = await judgeFor(judgeBearer, bearer, (shown) => authorizeScope(shown, 'admin'))
    if (isRefused(holder)) return holder
    const owners = await lease.owners()
    // Polls made while there were more partitions keep theirs.
    const served = new Set([...Array(partitions).keys(), ...(await lease.partitions())])
    return Promise.all(
      [...served].map(async (partition): Promise<PartitionStatus> => {
        const { epoch, recorded } = await lease.read(partition)
        const { votes, oldestMs, newerFormat } = await stream.backlog(partition, recorded)
        const owner = owners.get(partition) ?? null
        return { partition, epoch, recorded, owner, waitingVotes: votes, oldestWaitingMs: oldestMs, newerFormat }
      }),
    )
  }
}
