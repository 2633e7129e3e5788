import type { Poll } from '../../domain/poll.ts'
import { refuseUnknown } from '../../domain/poll-life.ts'
import { createRecentMap } from '../../domain/recent-map.ts'
import { isRefused, type Refused } from '../../domain/refusal.ts'
import type { Tally } from '../../domain/tally.ts'
import type { Vote } from '../../domain/vote.ts'
import type { PartitionLease } from '../../ports/partition-lease.ts'
import type { Caller, PollProgress } from '../../ports/poll-admin.ts'
import type { Tallies } from '../../ports/tallies.ts'
import type { VoteDoor } from '../../ports/vote-door.ts'
import type { VoteStream } from '../../ports/vote-stream.ts'
import { createSharedRun } from '../watch-poll/shared-run.ts'
import { createFindPoll, type FindPollParts } from './find-poll.ts'
import { lookBehind } from './look-behind.ts'

/**
 * For whoever may see the poll as its organiser does, some second old. Of votes in other polls it tells nothing, not even that they wait.
 */
export type ShowProgress = (caller: Caller, pollId: string) => Promise<PollProgress | Refused>

/** However many ask, the stream is looked at so often for a poll. */
const recentLimits = { keptMs: 1_000, keysMax: 10_000 }

const addedBy = { cast: 1, change: 0, retract: -1 } as const satisfies Record<Vote['kind'], number>

type Parts = FindPollParts & {
  readonly tallies: Pick<Tallies, 'read'>
  readonly lease: Pick<PartitionLease, 'read'>
  readonly stream: Pick<VoteStream, 'peek'>
  readonly door: Pick<VoteDoor, 'now'>
  /** Milliseconds that only grow. */
  readonly now?: () => number
}

export function createShowProgress(parts: Parts): ShowProgress {
  const { polls, tallies, lease, stream, door, now = () => performance.now() } = parts
  const findPoll = createFindPoll(parts)
  const recent = createRecentMap<PollProgress>(recentLimits)

  /** One look serves all polls that are asked for meanwhile, so that many polls cost no more than one. */
  const lookShared = createSharedRun(async (partitions) => lookBehind({ lease, stream }, Number(partitions)))

  async function compare({ id, partitions }: Poll, { round, totalVotes }: Tally): Promise<PollProgress> {
    const waiting = (await lookShared(String(partitions))).filter(
      ({ vote }) => vote.pollId === id && vote.round === round,
    )
    const streamNow = await door.now()
    const accepted = waiting.reduce((sum, { vote }) => sum + addedBy[vote.kind], totalVotes)
    return {
      pollId: id,
      round,
      // A vote that was recorded since the tally was read is missing here; where it is being retracted, it would count as one less than none.
      acceptedVotes: Math.max(0, accepted),
      recordedVotes: totalVotes,
      waitingVotes: waiting.length,
      oldestWaitingMs: Math.max(0, ...waiting.map(({ appendedAt }) => streamNow - appendedAt)),
    }
  }

  const showShared = createSharedRun(async (pollId): Promise<PollProgress | Refused> => {
    const known = recent.get(pollId, now())
    if (known !== undefined) return known
    const poll = await polls.find(pollId)
    // Before the stream: what is recorded meanwhile is missing for this once, and nothing is counted twice.
    const [tally] = await tallies.read([pollId])
    if (poll === null || tally === undefined) return refuseUnknown()
    const progress = await compare(poll, tally)
    recent.put(pollId, progress, now())
    return progress
  })

  return async (caller, pollId) => {
    const found = await findPoll(caller, pollId, 'polls:read')
    if (isRefused(found)) return found
    return found.poll.status === 'deleted' ? refuseUnknown() : showShared(pollId)
  }
}
