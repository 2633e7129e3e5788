import { type Checkpoint, nearestPosition, type Position } from '../domain/position.ts'
import { partitionOf } from '../domain/vote.ts'
import type { PartitionLease } from '../ports/partition-lease.ts'
import type { PollSnapshots } from '../ports/poll-snapshots.ts'
import type { PollStore } from '../ports/poll-store.ts'
import type { SetAsideItem, SetAsideVotes } from '../ports/set-aside.ts'
import type { VoteLedger } from '../ports/vote-ledger.ts'
import type { VoteIds } from './cast-vote/vote-id.ts'

/** What has become of a vote, with the place that logs and stores know it by. Never what was chosen, nor by whom. */
export type Trace = {
  readonly pollId: string
  readonly round: number
  readonly partition: number
  readonly position: Position
} & Fate

export type Fate =
  /** It is in the ledger, and counts. */
  | { readonly fate: 'recorded' }
  /** A later vote of the same voter counts. */
  | { readonly fate: 'superseded'; readonly by: Position }
  | { readonly fate: 'set_aside'; readonly item: SetAsideItem }
  /** The ledger is not that far. */
  | { readonly fate: 'waiting'; readonly checkpoint: Checkpoint }
  /** The votes of its round are kept no longer: nobody can tell. */
  | { readonly fate: 'pruned' }
  /** The ledger is further, and has not met it; `earlier` is the vote of the same voter that it has, if any. */
  | { readonly fate: 'missing'; readonly checkpoint: Checkpoint; readonly earlier: Position | null }

/** What is wrong with the question: an id that this service never gave, or a poll that it does not have. */
export type Untraceable = 'no_such_vote' | 'no_such_poll'

export type TraceVote = (voteId: string) => Promise<Trace | Untraceable>

const lastIndex = 0xffff
const nothingShown = { revision: 0, version: 0 }

/** Follows a vote to where it lies now, for whoever runs the service. */
export function createTraceVote(parts: {
  readonly voteIds: Pick<VoteIds, 'open'>
  readonly polls: Pick<PollStore, 'find'>
  readonly ledger: Pick<VoteLedger, 'find'>
  readonly lease: Pick<PartitionLease, 'read'>
  readonly setAside: Pick<SetAsideVotes, 'find'>
  readonly snapshots: PollSnapshots
}): TraceVote {
  const { voteIds, polls, ledger, lease, setAside, snapshots } = parts

  async function isPruned(pollId: string, round: number): Promise<boolean> {
    return snapshots.read(pollId, nothingShown, async (snapshot) => ((await snapshot?.pruned(round)) ?? null) !== null)
  }

  return async (voteId) => {
    const vote = voteIds.open(voteId)
    if (vote === null) return 'no_such_vote'
    const { pollId, round, voter, position } = vote
    const poll = await polls.find(pollId)
    if (poll === null) return 'no_such_poll'
    const partition = partitionOf(voter, poll.partitions)
    const place = { pollId, round, partition, position }
    // Before the ledger: what is recorded in between must not look as if it had been passed over.
    const checkpoint = await lease.read(partition)
    const row = await ledger.find(pollId, round, voter)
    if (row?.position === position) return { ...place, fate: 'recorded' }
    if (row !== null && row.position > position) return { ...place, fate: 'superseded', by: row.position }
    const item = await setAside.find({ partition, position })
    if (item !== null) return { ...place, fate: 'set_aside', item }
    const isPassed = position <= nearestPosition(checkpoint.epoch, checkpoint.recorded, lastIndex)
    if (!isPassed) return { ...place, fate: 'waiting', checkpoint }
    // Behind the ledger: a round is marked before the first of its votes goes.
    if (row === null && (await isPruned(pollId, round))) return { ...place, fate: 'pruned' }
    return { ...place, fate: 'missing', checkpoint, earlier: row?.position ?? null }
  }
}
