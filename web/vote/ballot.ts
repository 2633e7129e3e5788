import type { OwnVote, Poll, TallyMessage } from '../../client/src/index.ts'
import type { Message } from '../i18n/say.ts'
import type { VoteSnapshot } from './snapshot.ts'
import { tellFault } from '../i18n/tell-fault.ts'

export type VoteKind = 'cast' | 'change' | 'retract'

/** A vote on its way. By its key it is the same vote, however often it is sent. */
export type SentVote = {
  readonly kind: VoteKind
  readonly optionIds: readonly number[]
  readonly key: string
  readonly round: number
  /** By this device's clock, in milliseconds since 1970. */
  readonly sentAt: number
  /** Where the poll asks for one; empty elsewhere. */
  readonly code: string
}

/** `isReached`: the service has no time; otherwise nobody answers. `isStored`: it outlives the page. */
type Kept = { readonly vote: SentVote; readonly isReached: boolean; readonly isStored: boolean }

/** How far the newest vote has come. `kept`: it has no answer, stays in this browser, and is sent again by itself. */
export type Progress =
  | { readonly step: 'sending'; readonly vote: SentVote }
  | ({ readonly step: 'kept' } & Kept)
  /** Of a vote that the page has found no id is known; it is this reader's own. */
  | { readonly step: 'accepted'; readonly kind: VoteKind; readonly voteId: string | null }
  | { readonly step: 'recorded'; readonly kind: VoteKind }
  | { readonly step: 'set_aside' }
  /** The reader wants it sent no more, under this code. `isNone`: the service was asked whether it had come before, and had none. */
  | { readonly step: 'given_up'; readonly code: string; readonly isNone: boolean }
  /** `inRow`: how many refusals came one after another, so that the same one is heard each time. */
  | { readonly step: 'refused'; readonly problem: Message; readonly inRow: number }

/** All that one reader does in a poll, and what has come of it. News of others' votes is no part of it, so it cannot touch it. */
export type Ballot = {
  readonly round: number
  readonly chosen: readonly number[]
  /** The vote that stands; null before the first, and after it was taken back. */
  readonly ownVote: readonly number[] | null
  readonly hasJustVoted: boolean
  readonly progress: Progress | null
}

export type BallotEvent =
  | { readonly type: 'chosen'; readonly optionId: number; readonly isMultiple: boolean }
  | { readonly type: 'sent'; readonly vote: SentVote }
  | ({ readonly type: 'kept' } & Kept)
  | { readonly type: 'given_up' }
  /** Another page has had the answer to the vote that was kept. */
  | { readonly type: 'settled_elsewhere' }
  | { readonly type: 'accepted'; readonly vote: SentVote; readonly voteId: string; readonly isRecognised: boolean }
  | {
      readonly type: 'receipt'
      readonly voteId: string | null
      readonly status: 'recorded' | 'set_aside'
    }
  | { readonly type: 'refused'; readonly problem: Message }
  /** A vote was meant for a round that is over. */
  | { readonly type: 'begun_anew' }
  /** The service says which vote of this reader stands, of which no more is known. While another is on its way that may be about to change. */
  | { readonly type: 'told'; readonly vote: Pick<OwnVote, 'round' | 'option_ids'> | null }
  | { readonly type: 'round'; readonly round: number }

const begunAnew: Message = ['faults.round_not_current']

/** What a page that has just come shows, with what was chosen on it meanwhile. */
export function firstBallot({ poll, ownVote, hasJustVoted, problem }: VoteSnapshot): Ballot {
  const own = ownVote?.option_ids ?? null
  // What was chosen before the poll began anew is no choice in this round.
  const chosen = problem === null || problem.code === 'round_not_current' ? null : problem.chosen
  return {
    round: poll.round,
    chosen: chosen ?? own ?? [],
    ownVote: own,
    hasJustVoted,
    progress: firstProgress(ownVote, problem),
  }
}

function firstProgress(ownVote: VoteSnapshot['ownVote'], problem: VoteSnapshot['problem']): Progress | null {
  if (problem !== null) {
    // Nothing else is forbidden to this form.
    const isForeign = problem.code === 'forbidden'
    return {
      step: 'refused',
      inRow: 1,
      problem: isForeign ? ['vote.sent_from_elsewhere'] : tellFault(problem.code, problem.detail),
    }
  }
  if (ownVote === null) return null
  return ownVote.status === 'recorded'
    ? { step: 'recorded', kind: 'cast' }
    : { step: 'accepted', kind: 'cast', voteId: null }
}

/** What the ballot is after something has happened. While a vote is on its way nothing else can be chosen or sent. */
export function stepBallot(ballot: Ballot, event: BallotEvent): Ballot {
  switch (event.type) {
    case 'chosen':
      return isOnItsWay(ballot) ? ballot : choose(ballot, event.optionId, event.isMultiple)
    case 'sent':
      return isOnItsWay(ballot) ? ballot : { ...ballot, progress: { step: 'sending', vote: event.vote } }
    case 'kept':
      return keep(ballot, event)
    case 'given_up':
      return giveUp(ballot)
    case 'settled_elsewhere':
      return ballot.progress?.step === 'kept' ? { ...ballot, progress: null } : ballot
    case 'accepted':
      return accept(ballot, event.vote, event.voteId, event.isRecognised)
    case 'receipt':
      return takeReceipt(ballot, event.voteId, event.status)
    case 'refused':
      return { ...ballot, progress: refuseAgain(ballot.progress, event.problem) }
    case 'begun_anew':
      return refuseRound(ballot)
    case 'told':
      return isOnItsWay(ballot) ? ballot : learnOwnVote(ballot, event.vote)
    case 'round':
      return beginRound(ballot, event.round)
  }
}

export function isOnItsWay({ progress }: Pick<Ballot, 'progress'>): boolean {
  return progress?.step === 'sending' || progress?.step === 'kept'
}

/** Whether a vote could not reach the service: a connection on which nothing is said may not have noticed yet. */
export function isCutOff({ progress }: Pick<Ballot, 'progress'>): boolean {
  return progress?.step === 'kept' && !progress.isReached
}

/** Whether there is anything to choose from, for this reader. Users of a host's application show its token, which this page has not. */
export function mayChoose(
  status: TallyMessage['status'],
  { allow_vote_change: mayChange, voter_identity: identity }: Pick<Poll, 'allow_vote_change' | 'voter_identity'>,
  { ownVote, hasJustVoted }: Pick<Ballot, 'ownVote' | 'hasJustVoted'>,
): boolean {
  const isFree = ownVote === null ? !hasJustVoted : mayChange
  return status === 'open' && identity !== 'token' && isFree
}

function choose(ballot: Ballot, optionId: number, isMultiple: boolean): Ballot {
  const others = ballot.chosen.filter((id) => id !== optionId)
  const isTaken = others.length < ballot.chosen.length
  const several = isTaken ? others : [...others, optionId]
  // What was wrong with the choice before says nothing of this one.
  const progress = ballot.progress?.step === 'refused' ? null : ballot.progress
  return { ...ballot, chosen: isMultiple ? several : [optionId], progress }
}

function refuseAgain(before: Progress | null, problem: Message): Progress {
  return { step: 'refused', problem, inRow: before?.step === 'refused' ? before.inRow + 1 : 1 }
}

/** A vote for a round that is over is kept for nothing. */
function keep(ballot: Ballot, { vote, isReached, isStored }: Kept): Ballot {
  if (vote.round !== ballot.round) return refuseRound(ballot)
  return { ...ballot, chosen: vote.optionIds, progress: { step: 'kept', vote, isReached, isStored } }
}

/** What was chosen stays, but for a retract, with which nothing was. */
function giveUp(ballot: Ballot): Ballot {
  const { progress, ownVote } = ballot
  if (progress?.step !== 'kept') return ballot
  const { kind, optionIds, code } = progress.vote
  const chosen = kind === 'retract' ? (ownVote ?? []) : optionIds
  return { ...ballot, chosen, progress: { step: 'given_up', code, isNone: false } }
}

function refuseRound(ballot: Ballot): Ballot {
  return { ...ballot, chosen: [], progress: refuseAgain(ballot.progress, begunAnew) }
}

/** One of a round that is over came in before it was, and stands in no other. */
function accept(ballot: Ballot, vote: SentVote, voteId: string, isRecognised: boolean): Ballot {
  if (vote.round !== ballot.round) return { ...ballot, ownVote: null, chosen: [], progress: null }
  const isTakenBack = vote.kind === 'retract'
  const ownVote = isTakenBack || !isRecognised ? null : vote.optionIds
  return {
    ...ballot,
    ownVote,
    chosen: ownVote ?? [],
    hasJustVoted: !isRecognised && !isTakenBack,
    progress: { step: 'accepted', kind: vote.kind, voteId },
  }
}

/** Whoever tells may not have heard of this round, or have heard of the next one. */
function learnOwnVote(ballot: Ballot, vote: Pick<OwnVote, 'round' | 'option_ids'> | null): Ballot {
  if (vote !== null && vote.round !== ballot.round) return ballot
  const ownVote = vote?.option_ids ?? null
  return { ...ballot, ownVote, chosen: ownVote ?? ballot.chosen, progress: progressOnceTold(ballot.progress, ownVote) }
}

function progressOnceTold(progress: Progress | null, ownVote: readonly number[] | null): Progress | null {
  if (progress?.step === 'refused') return progress
  if (progress?.step !== 'given_up' || ownVote !== null) return null
  return progress.isNone ? progress : { ...progress, isNone: true }
}

function takeReceipt(ballot: Ballot, voteId: string | null, status: 'recorded' | 'set_aside'): Ballot {
  const { progress } = ballot
  if (progress?.step !== 'accepted' || progress.voteId !== voteId) return ballot
  if (status !== 'set_aside') return { ...ballot, progress: { step: 'recorded', kind: progress.kind } }
  return { ...ballot, progress: { step: 'set_aside' } }
}

/** Everybody votes anew. What is still on its way was meant for the round before: the service is not asked to take it for this one. */
function beginRound(ballot: Ballot, round: number): Ballot {
  if (round === ballot.round) return ballot
  const { progress } = ballot
  const isVoid = progress?.step === 'kept' && progress.vote.round !== round
  const isSending = progress?.step === 'sending'
  const isTold = progress?.step === 'refused' && progress.problem === begunAnew
  const next = { round, chosen: [], ownVote: null, hasJustVoted: false }
  if (isVoid) return refuseRound({ ...next, progress })
  return { ...next, chosen: isSending ? ballot.chosen : [], progress: isSending || isTold ? progress : null }
}
