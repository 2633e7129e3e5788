import { AUDIT_ACTIONS, AUDIT_ACTORS, type AuditAction, type AuditActor } from '../../domain/audit.ts'
import type { ReplayOutcome } from '../../domain/replay.ts'
import type { SetAsideReason, VoteKind } from '../../domain/vote.ts'
import type { PollStatus, PollType, ResultsVisibility, VoterIdentity, VoterVisibility } from '../../domain/poll.ts'

/** One enum of the contract: its names for our words. UNSPECIFIED is no word. */
export type Words<Word extends string, Name extends string> = {
  nameOf(word: Word): Name
  /** Of a word that a newer version may have written; undefined where this one does not know it. */
  findName(word: string): Name | undefined
  /** Undefined for UNSPECIFIED and for a number that a newer contract may know. */
  wordOf(name: string | number): Word | undefined
  isUnspecified(name: string | number): boolean
}

export const pollStatuses = words<PollStatus, 'POLL_STATUS'>('POLL_STATUS', [
  'draft',
  'scheduled',
  'open',
  'closing',
  'closed',
  'deleted',
])
export const pollTypes = words<PollType, 'POLL_TYPE'>('POLL_TYPE', ['single', 'multiple'])
export const resultsVisibilities = words<ResultsVisibility, 'RESULTS_VISIBILITY'>('RESULTS_VISIBILITY', [
  'always',
  'after_vote',
  'after_close',
  'never',
])
export const voterVisibilities = words<VoterVisibility, 'VOTER_VISIBILITY'>('VOTER_VISIBILITY', [
  'secret',
  'organizer',
  'public',
])
export const voterIdentities = words<VoterIdentity, 'VOTER_IDENTITY'>('VOTER_IDENTITY', [
  'none',
  'session',
  'token',
  'code',
])
export const voteKinds = words<VoteKind, 'VOTE_KIND'>('VOTE_KIND', ['cast', 'change', 'retract'])
const reasons: readonly SetAsideReason[] = [
  'already_voted',
  'poll_closed',
  'poll_unknown',
  'selection_unknown',
  'unreadable',
  'partition_wrong',
]
export const setAsideReasons = words<SetAsideReason, 'SET_ASIDE_REASON'>('SET_ASIDE_REASON', reasons)
export const replayOutcomes = words<ReplayOutcome, 'REPLAY_OUTCOME'>('REPLAY_OUTCOME', [
  'recorded',
  'superseded',
  ...reasons,
  'poll_final',
  'round_over',
  'poll_not_open',
  'not_a_vote',
  'not_set_aside',
])

export const auditActions = words<AuditAction, 'AUDIT_ACTION'>('AUDIT_ACTION', AUDIT_ACTIONS)
export const auditActors = words<AuditActor, 'AUDIT_ACTOR'>('AUDIT_ACTOR', AUDIT_ACTORS)

function words<Word extends string, Prefix extends string>(
  prefix: Prefix,
  all: readonly Word[],
): Words<Word, `${Prefix}_${Uppercase<Word>}`> {
  // The cast: toUpperCase does to the word what Uppercase does to its type.
  const nameOf = (word: Word) => `${prefix}_${word.toUpperCase()}` as `${Prefix}_${Uppercase<Word>}`
  const wordOf = new Map<string | number, Word>(all.map((word) => [nameOf(word), word]))
  const names = new Map<string, `${Prefix}_${Uppercase<Word>}`>(all.map((word) => [word, nameOf(word)]))
  return {
    nameOf,
    findName: (word) => names.get(word),
    wordOf: (name) => wordOf.get(name),
    isUnspecified: (name) => name === `${prefix}_UNSPECIFIED` || name === 0,
  }
}
