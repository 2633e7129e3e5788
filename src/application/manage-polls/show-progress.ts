import type { Poll } from '../../domain/poll.ts'
import { refuseUnknown } from '../../domain/poll-life.ts'
import { isRefused, type Refused } from '../../domain/refusal.ts'
import type { Vote } from '../../domain/vote.ts'
import type { PartitionLease } from '../../ports/partition-lease.ts'
import type { Caller, PollProgress } from '../../ports/poll-admin.ts'
import type { Tallies } from '../../ports/tallies.ts'
import type { VoteDoor } from '../../ports/vote-door.ts'
import type { VoteStream } from '../../ports/vote-stream.ts'
import { createFindPoll, type FindPollParts } from './find-poll.ts'

/** For whoever may see the poll as its organiser does. Of votes in other polls it tells nothing, not even that they wait. */
export type ShowProgress = (caller: Caller, pollId: string) => Promise<PollProgress | Refused>

/** Looked at in each partition: some thousand votes under load. An organiser asks often, and beyond it is far behind anyway. */
const entriesMax = 50

const addedBy = { cast: 1, change: 0, retract: -1 } as const satisfies Record<Vote['kind'], number>

export function createShowProgress(
  parts: FindPollParts & {
    readonly tallies: Pick<Tallies, 'read'>
    readonly lease: Pick<PartitionLease, 'read'>
    readonly stream: Pick<VoteStream, 'peek'>
    readonly door: Pick<VoteDoor, 'now'>
  },
): ShowProgress {
  const { tallies, lease, stream, door } = parts
  const findPoll = createFindPoll(parts)

  async function findWaiting({ id, round }: Poll, partition: number) {
    const { recorded } = await lease.read(partition)
    const entries = await stream.peek(partition, recorded, entriesMax)
    return entries.flatMap(({ appendedAt, content }) => {
      const votes = content.type === 'votes' ? content.votes : []
      return votes
        .filter((vote) => vote.pollId === id && vote.round === round)
        .map(({ kind }) => ({ appendedAt, adds: addedBy[kind] }))
    })
  }

  return async (caller, pollId) => {
    const found = await findPoll(caller, pollId, 'polls:read')
    if (isRefused(found)) return found
    const { poll } = found
    // The tally first: what is recorded meanwhile is missing for this once, and nothing is counted twice.
    const [tally] = await tallies.read([pollId])
    if (poll.status === 'deleted' || tally === undefined) return refuseUnknown()
    const partitions = Array.from({ length: poll.partitions }, (_, partition) => partition)
    const waiting = (await Promise.all(partitions.map((partition) => findWaiting(poll, partition)))).flat()
    const now = await door.now()
    return {
      pollId,
      round: tally.round,
      acceptedVotes: waiting.reduce((sum, { adds }) => sum + adds, tally.totalVotes),
      recordedVotes: tally.totalVotes,
      waitingVotes: waiting.length,
      oldestWaitingMs: Math.max(0, ...waiting.map(({ appendedAt }) => now - appendedAt)),
    }
  }
}
