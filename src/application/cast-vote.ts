// Step 1 of 4: vote -> stream. Judges a vote by the poll's definition and lets the door take it into the log.
import type { Poll } from '../domain/poll.ts'
import { type Refused, isRefused, refuse } from '../domain/refusal.ts'
import type { Position } from '../domain/position.ts'
import { checkSelection } from '../domain/selection.ts'
import { partitionOf, type VoteKind } from '../domain/vote.ts'
import type { BatchCalls } from './cast-vote/batch-calls.ts'
import {
  type IdentifiedVoter,
  type IdentifyVoter,
  refuseUnshown,
  type Session,
  type VoterCredentials,
} from './cast-vote/identify-voter.ts'
import {
  hasEnded,
  pollChanging,
  pollClosed,
  refuseByDefinition,
  refuseByDoor,
  refuseByRound,
} from './cast-vote/refuse-vote.ts'
import { hashRequestKey } from './cast-vote/request-key.ts'
import type { VoteIds } from './cast-vote/vote-id.ts'
import type { WatchPoll } from './watch-poll.ts'

export type VoteRequest = {
  readonly pollId: string
  readonly kind: VoteKind
  /** Empty for a retract. */
  readonly optionIds: readonly number[]
  /** The only round in which it may count; null where it counts in the one that there is. */
  readonly round: number | null
  readonly shown: VoterCredentials
  /** The header `traceparent` as it came, for those who trace; nothing else comes of it. */
  readonly traceParent?: string | undefined
}

export type AcceptedVote = {
  readonly voteId: string
  readonly newSession: Session | null
  /** Where it lies, for whoever looks for it in stream or ledger. */
  readonly partition: number
  readonly position: Position
}

export type CastVote = (request: VoteRequest) => Promise<AcceptedVote | Refused>

export type CastVoteParts = {
  readonly watchPoll: Pick<WatchPoll, 'get' | 'known' | 'refresh'>
  readonly identifyVoter: Pick<IdentifyVoter, 'identify' | 'recognise'>
  readonly batchCalls: Pick<BatchCalls, 'call'>
  /** Brings a missing door back, or begins to. */
  readonly restoreSoon: (partition: number, pollId: string) => Promise<void>
  readonly voteIds: Pick<VoteIds, 'seal'>
}

/** The first may meet a definition that has just changed, or a door that has to be restored. */
const attemptsMax = 2

/**
 * Casts, changes and retracts votes. An accepted one is in the log. Asks neither ledger nor store while all is well. The door lets a vote into the
 * round that it was judged for and into no other, so one that names its round is never taken for another, however late a reset is heard of here.
 */
export function createCastVote(parts: CastVoteParts): CastVote {
  const { watchPoll, identifyVoter, batchCalls, restoreSoon, voteIds } = parts

  async function identifyAgain(poll: Poll, shown: VoterCredentials): Promise<IdentifiedVoter | Refused> {
    const voter = await identifyVoter.recognise(poll, shown)
    if (voter !== null) return isRefused(voter) ? voter : { voter, newSession: null }
    if (hasEnded(poll)) return pollClosed
    return refuseUnshown(poll.voterIdentity) ?? refuse('no_vote', 'You have not voted in this poll.')
  }

  return async (request) => {
    const { pollId, kind, round: named, shown } = request
    let live = watchPoll.known(pollId) ?? (await watchPoll.get(pollId))
    // Whoever names a later round has heard of it before this process. However many do, there is one look at a time.
    if (live !== null && named !== null && named > live.poll.round) live = await watchPoll.refresh(pollId)
    for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
      if (live === null) return refuse('poll_not_found', 'There is no such poll.')
      const { poll } = live
      const refused = refuseByRound(poll, named) ?? refuseByDefinition(poll, kind, shown.requestKey !== null)
      if (refused !== null) return refused
      const selection = kind === 'retract' ? [] : checkSelection(poll, request.optionIds)
      if (isRefused(selection)) return selection
      const identified = await (kind === 'cast' ? identifyVoter.identify(poll, shown) : identifyAgain(poll, shown))
      if (isRefused(identified)) return identified

      const { voter, newSession } = identified
      const { round, revision } = poll
      const partition = partitionOf(voter, poll.partitions)
      const requestKey = shown.requestKey === null ? null : hashRequestKey(shown.requestKey)
      const answer = await batchCalls.call(partition, { pollId, round, revision, kind, voter, selection, requestKey })
      if (isRefused(answer)) return answer
      if (answer.answer === 'accepted') {
        const { position } = answer
        return { voteId: voteIds.seal({ pollId, round, voter, position }), newSession, partition, position }
      }
      const no = refuseByDoor(poll, answer.answer)
      if (no !== null) return no
      // The poll takes no votes any more, so neither a newer definition nor a restored door could let this one in.
      if (hasEnded(poll)) return pollClosed
      if (answer.answer === 'door_missing') await restoreSoon(partition, pollId)
      live = await watchPoll.refresh(pollId)
    }
    return pollChanging
  }
}
