// Step 1 for a host that brings many votes at once: the same judgement and the same door, in batches.
import type { Poll } from '../../domain/poll.ts'
import { isRefused, type Refused, refuse } from '../../domain/refusal.ts'
import { partitionOf, type VoteKind } from '../../domain/vote.ts'
import { authorizeScope } from '../authorize.ts'
import { type Clock, systemClock } from '../clock.ts'
import { type BulkCall, type BulkLane, type BulkLaneParts, type BulkLimits, createBulkLane } from './bulk-lane.ts'
import { judgeFor, type JudgeBearer } from '../judge-bearer.ts'
import type { NameVoters } from './name-voters.ts'
import { refuseByDefinition, refuseHost } from './refuse-vote.ts'
import { hashRequestKey } from './request-key.ts'

/** A vote as a host brings it. `subject` is the host's name for the voter. */
export type BulkVote = {
  readonly subject: string
  readonly kind: VoteKind
  /** Empty for a retract. */
  readonly optionIds: readonly number[]
  readonly requestKey: string | null
}

/** The id of an accepted vote, or why it is none. */
export type BulkAnswer = string | Refused

/** One host's votes for one poll. */
export type BulkIntake = {
  /**
   * Answers in the order of the votes, each when all have their answer; what is refused already keeps its answer. May be called again
   * meanwhile: a voter's votes are judged in the order in which they came. Takes as long as the stream does, up to the limit of
   * patience; whoever calls sees to it that not too much waits. Never rejects.
   */
  cast(votes: readonly (BulkVote | Refused)[]): Promise<readonly BulkAnswer[]>
}

export type CastInBulk = {
  /** Whether this bearer may bring votes: the admin token, and keys with the scope `votes:write`. Null when it may. */
  authorize(bearer: string | null): Promise<Refused | null>
  /** Begins to take votes for this poll, or says why none of them could be accepted. Once the signal aborts nothing is waited for. */
  begin(pollId: string, signal: AbortSignal): Promise<BulkIntake | Refused>
}

export type CastInBulkParts = Omit<BulkLaneParts, 'clock' | 'limits'> & {
  readonly nameVoters: NameVoters
  readonly judgeBearer: Pick<JudgeBearer, 'judge'>
  /** Hears what came of the lines. */
  readonly onAnswered: (answers: readonly BulkAnswer[]) => void
  readonly clock?: Clock
  readonly limits?: BulkLimits
}

export const BULK_LIMITS: BulkLimits = {
  callsPerBatchMax: 2048,
  // Together with one attempt, and the answers' way: less than a connection may stand still.
  patienceMs: 10_000,
  pauseMs: { first: 50, most: 500 },
}

/** Takes votes from trusted hosts. */
export function createCastInBulk({ nameVoters, judgeBearer, onAnswered, ...parts }: CastInBulkParts): CastInBulk {
  const laneParts = { ...parts, clock: parts.clock ?? systemClock, limits: parts.limits ?? BULK_LIMITS }

  return {
    async authorize(bearer) {
      const holder = await judgeFor(judgeBearer, bearer, (shown) => authorizeScope(shown, 'votes:write'))
      return isRefused(holder) ? holder : null
    },
    async begin(pollId, signal) {
      const live = await laneParts.watchPoll.get(pollId)
      if (live === null) return refuse('poll_not_found', 'There is no such poll.')
      const refused = refuseHost(live.poll) ?? refuseByDefinition(live.poll, 'cast', false)
      if (refused !== null) return refused
      const createLane = (partition: number): BulkLane => createBulkLane(laneParts, pollId, partition, signal)
      return createIntake(live.poll, nameVoters, createLane, onAnswered)
    },
  }
}

function isVote(line: BulkVote | Refused): line is BulkVote {
  return !isRefused(line)
}

/** Until the vote has its answer. */
const unanswered = ''

function createIntake(
  { id: pollId, partitions }: Pick<Poll, 'id' | 'partitions'>,
  nameVoters: NameVoters,
  createLane: (partition: number) => BulkLane,
  onAnswered: CastInBulkParts['onAnswered'],
): BulkIntake {
  const lanes = Array.from({ length: partitions }, (_, partition) => createLane(partition))

  return {
    cast(lines) {
      const { promise, resolve } = Promise.withResolvers<readonly BulkAnswer[]>()
      const answers = lines.map((line): BulkAnswer => (isRefused(line) ? line : unanswered))
      const votes = lines.filter(isVote)
      if (votes.length === 0) {
        onAnswered(answers)
        return Promise.resolve(answers)
      }
      const voters = nameVoters(
        pollId,
        votes.map(({ subject }) => subject),
      )
      const calls = lanes.map((): BulkCall[] => [])
      let left = votes.length
      let n = 0
      for (const [place, line] of lines.entries()) {
        if (isRefused(line)) continue
        // There is one for each vote.
        const voter = voters[n]!
        n += 1
        const { kind, optionIds } = line
        const requestKey = line.requestKey === null ? null : hashRequestKey(line.requestKey)
        const answer = (said: BulkAnswer): void => {
          answers[place] = said
          left -= 1
          if (left > 0) return
          onAnswered(answers)
          resolve(answers)
        }
        // One for each partition of the poll, which never changes.
        calls[partitionOf(voter, partitions)]!.push({ voter, kind, optionIds, requestKey, answer })
      }
      for (const [partition, lane] of lanes.entries()) lane.push(calls[partition] ?? [])
      return promise
    },
  }
}
