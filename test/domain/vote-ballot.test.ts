import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type Ballot,
  type BallotEvent,
  firstBallot,
  isOnItsWay,
  mayChoose,
  type SentVote,
  stepBallot,
} from '../../web/vote/ballot.ts'
import { noteOf } from '../../web/vote/status.ts'

const empty: Ballot = { round: 1, chosen: [], ownVote: null, hasJustVoted: false, progress: null }
const voteFor = (optionIds: readonly number[], more: Partial<SentVote> = {}): SentVote => ({
  kind: 'cast',
  optionIds,
  key: 'a key',
  round: 1,
  sentAt: 0,
  code: '',
  ...more,
})
const after = (ballot: Ballot, ...events: readonly BallotEvent[]): Ballot => events.reduce(stepBallot, ballot)
const chosen = (optionId: number, isMultiple = false): BallotEvent => ({ type: 'chosen', optionId, isMultiple })
const keptFor = (vote: SentVote): BallotEvent => ({ type: 'kept', vote, isReached: false, isStored: true })
const told = (optionIds: readonly number[] | null, round = 1): BallotEvent => ({
  type: 'told',
  vote: optionIds && { round, option_ids: optionIds },
})
const accepted = (vote: SentVote, isRecognised = true): BallotEvent => ({
  type: 'accepted',
  vote,
  voteId: 'an id',
  isRecognised,
})

describe('choosing', () => {
  test('one takes the place of another; of several each comes and goes', () => {
    expect(after(empty, chosen(1), chosen(2)).chosen).toEqual([2])
    expect(after(empty, chosen(1, true), chosen(2, true), chosen(1, true)).chosen).toEqual([2])
  })

  test('while a vote is on its way nothing changes, and no second one is sent', () => {
    const sending = after(empty, chosen(1), { type: 'sent', vote: voteFor([1]) })
    const kept = after(sending, keptFor(voteFor([1])))
    for (const ballot of [sending, kept]) {
      expect(after(ballot, chosen(2), { type: 'sent', vote: voteFor([2]) })).toBe(ballot)
    }
  })

  test('what was wrong with a choice is forgotten with the next one', () => {
    const refused = after(empty, { type: 'refused', problem: ['common.choose_something'] })
    expect(after(refused, chosen(1)).progress).toBeNull()
  })

  test('a refusal that comes again is another one than before, so that it is heard again', () => {
    const refusal: BallotEvent = { type: 'refused', problem: ['common.choose_something'] }
    const inRow = (...events: readonly BallotEvent[]) => {
      const { progress } = after(empty, ...events)
      return progress?.step === 'refused' ? progress.inRow : null
    }
    expect([inRow(refusal), inRow(refusal, refusal), inRow(refusal, chosen(1), refusal)]).toEqual([1, 2, 1])
  })

  test.each([
    ['open', null, false, false, true],
    ['open', null, true, false, false],
    ['open', [1], false, false, false],
    ['open', [1], false, true, true],
    ['scheduled', null, false, false, false],
    ['closing', [1], false, true, false],
    ['closed', null, false, true, false],
  ] as const)(
    'in a poll that is %s, with the vote %s (thanked: %s, changes allowed: %s), there is something to choose: %s',
    (status, ownVote, hasJustVoted, allowsChange, isThere) => {
      const poll = { allow_vote_change: allowsChange, voter_identity: 'session' } as const
      expect(mayChoose(status, poll, { ownVote, hasJustVoted })).toBe(isThere)
    },
  )

  test('is left to the host’s application where it vouches for the voters', () => {
    const poll = { allow_vote_change: true, voter_identity: 'token' } as const
    expect(mayChoose('open', poll, empty)).toBe(false)
    expect(noteOf('open', poll)).toBe('vote.with_the_host')
    expect(noteOf('closed', poll)).toBe('vote.ended')
  })
})

describe('a vote', () => {
  test('is sent, accepted and recorded, and stands from its acceptance on', () => {
    const vote = voteFor([2])
    const sent = after(empty, chosen(2), { type: 'sent', vote })
    expect([sent.ownVote, sent.progress?.step]).toEqual([null, 'sending'])
    const taken = after(sent, accepted(vote))
    expect(taken).toMatchObject({ ownVote: [2], chosen: [2], progress: { step: 'accepted' } })
    expect(after(taken, { type: 'receipt', voteId: 'an id', status: 'recorded' }).progress?.step).toBe('recorded')
    // The receipt of an earlier one says nothing of this one.
    expect(after(taken, { type: 'receipt', voteId: 'another', status: 'recorded' })).toBe(taken)
    expect(after(taken, { type: 'receipt', voteId: 'an id', status: 'set_aside' }).progress?.step).toBe('set_aside')
  })

  test('that is taken back leaves nothing chosen', () => {
    const voted = { ...empty, ownVote: [1], chosen: [1] }
    const vote = voteFor([], { kind: 'retract' })
    expect(after(voted, { type: 'sent', vote }, accepted(vote))).toMatchObject({ ownVote: null, chosen: [] })
  })

  test('of somebody whom the poll does not recognise is nobody’s, and is thanked for', () => {
    const vote = voteFor([1])
    expect(after(empty, chosen(1), { type: 'sent', vote }, accepted(vote, false))).toMatchObject({
      ownVote: null,
      hasJustVoted: true,
      chosen: [],
    })
  })

  test('without an answer is kept as it is, also when the page is opened anew', () => {
    const vote = voteFor([3])
    const kept = after(empty, keptFor(vote))
    expect(kept).toMatchObject({ chosen: [3], progress: { step: 'kept', vote } })
    expect(after(kept, accepted(vote))).toMatchObject({ ownVote: [3], progress: { step: 'accepted' } })
  })

  test('that was kept over a reset is not sent into the new round; one that is being sent waits for its answer', () => {
    const vote = voteFor([3])
    const kept = after(empty, keptFor(vote), { type: 'round', round: 2 })
    expect(kept).toMatchObject({
      round: 2,
      chosen: [],
      progress: { step: 'refused', problem: ['faults.round_not_current'] },
    })
    const sending = after(empty, { type: 'sent', vote }, { type: 'round', round: 2 })
    expect(sending.progress).toEqual({ step: 'sending', vote })
    const unanswered = after(empty, { type: 'sent', vote }, { type: 'round', round: 2 }, keptFor(vote))
    expect(unanswered).toMatchObject({
      chosen: [],
      progress: { step: 'refused', problem: ['faults.round_not_current'] },
    })
    const voted = { ...empty, ownVote: [1], chosen: [1], hasJustVoted: true }
    expect(after(voted, { type: 'round', round: 2 })).toEqual({ ...empty, round: 2 })
  })

  test('of another round is shown neither as the reader’s own nor as kept, whatever comes after what', () => {
    const round = fc.integer({ min: 1, max: 3 })
    // What was voted for says in which round.
    const ofRound = (number: number): SentVote => voteFor([number], { round: number })
    const events = fc.array(
      fc.oneof(
        round.map((number): BallotEvent => ({ type: 'round', round: number })),
        round.map((number): BallotEvent => ({ type: 'sent', vote: ofRound(number) })),
        round.map((number) => keptFor(ofRound(number))),
        fc.tuple(round, fc.boolean()).map(([number, isRecognised]) => accepted(ofRound(number), isRecognised)),
        round.map((number) => told([number], number)),
      ),
    )
    fc.assert(
      fc.property(events, (done) => {
        const { round: now, ownVote, progress } = after(empty, ...done)
        expect(ownVote ?? [now]).toEqual([now])
        if (progress?.step === 'kept') expect(progress.vote.round).toBe(now)
      }),
    )
  })

  test('that is refused for its round leaves nothing chosen, and that is read in the next one', () => {
    const vote = voteFor([3])
    const refused = after(empty, chosen(3), { type: 'sent', vote }, { type: 'begun_anew' })
    expect(refused).toMatchObject({ round: 1, chosen: [], progress: { step: 'refused' } })
    const next = after(refused, { type: 'round', round: 2 })
    expect(next).toMatchObject({ round: 2, progress: { problem: ['faults.round_not_current'] } })
    // Any other refusal says nothing of the next round.
    const other = after(empty, { type: 'refused', problem: ['faults.already_voted'] }, { type: 'round', round: 2 })
    expect(other.progress).toBeNull()
  })

  test('that was given up is not sent, leaves what was chosen, and is shown where it has come in all the same', () => {
    const vote = voteFor([3], { code: 'ABCD' })
    const givenUp = after(empty, keptFor(vote), { type: 'given_up' })
    expect(givenUp).toEqual({ ...empty, chosen: [3], progress: { step: 'given_up', code: 'ABCD', isNone: false } })
    expect(isOnItsWay(givenUp)).toBe(false)
    const none = after(givenUp, told(null))
    expect(none).toMatchObject({ chosen: [3], progress: { isNone: true } })
    expect(after(none, told(null)).progress).toBe(none.progress)
    expect(after(none, told([3]))).toEqual({ ...empty, chosen: [3], ownVote: [3] })
    expect(after(givenUp, told([3]))).toEqual({ ...empty, chosen: [3], ownVote: [3] })
    expect(after(givenUp, { type: 'round', round: 2 })).toEqual({ ...empty, round: 2 })
    const voted = { ...empty, ownVote: [1], chosen: [1] }
    const stays = after(voted, keptFor(voteFor([], { kind: 'retract' })), { type: 'given_up' })
    expect(stays).toMatchObject({ ownVote: [1], chosen: [1] })
    expect(after(voted, { type: 'given_up' })).toBe(voted)
  })

  test('that came in as the poll began anew stands in no round but its own', () => {
    const vote = voteFor([3])
    const late = after(empty, { type: 'sent', vote }, { type: 'round', round: 2 }, accepted(vote))
    expect(late).toEqual({ ...empty, round: 2 })
  })

  test('stands where the service says so', () => {
    const vote = voteFor([3])
    const late = { ...empty, round: 2 }
    expect(after(late, told([3], 2))).toMatchObject({ ownVote: [3], chosen: [3] })
    // One that was replaced from another place is no more, neither accepted nor recorded.
    const replaced = after(empty, accepted(vote), told([1]))
    expect(replaced).toEqual({ ...empty, ownVote: [1], chosen: [1] })
    const refused = after(empty, { type: 'refused', problem: ['faults.already_voted'] })
    expect(after(refused, told([3]))).toMatchObject({ ownVote: [3], progress: { step: 'refused' } })
    const sending = after(late, { type: 'sent', vote: voteFor([2], { round: 2 }) })
    expect(after(sending, told([3], 2))).toBe(sending)
  })

  test('news of the same round changes nothing of what somebody is doing', () => {
    const events = fc.array(
      fc.oneof(
        fc.integer({ min: 1, max: 4 }).map((id) => chosen(id, true)),
        fc.constant<BallotEvent>({ type: 'sent', vote: voteFor([1]) }),
        fc.constant<BallotEvent>({ type: 'kept', vote: voteFor([1]), isReached: true, isStored: true }),
        fc.constant(accepted(voteFor([1]))),
      ),
    )
    fc.assert(
      fc.property(events, (done) => {
        const ballot = after(empty, ...done)
        expect(after(ballot, { type: 'round', round: 1 })).toBe(ballot)
        if (isOnItsWay(ballot)) expect(after(ballot, chosen(9, true))).toBe(ballot)
      }),
    )
  })
})

describe('a page that has just come', () => {
  const snapshot = {
    poll: { round: 4 },
    ownVote: null,
    hasSession: false,
    hasJustVoted: false,
    problem: null,
  } as Parameters<typeof firstBallot>[0] // The rest of it is not looked at.

  test('shows the vote that stands, and how far it has come', () => {
    const ownVote = { option_ids: [2], status: 'recorded' } as const
    expect(firstBallot({ ...snapshot, ownVote })).toEqual({
      round: 4,
      chosen: [2],
      ownVote: [2],
      hasJustVoted: false,
      progress: { step: 'recorded', kind: 'cast' },
    })
  })

  test('keeps what was chosen in a form that was refused, and says why', () => {
    const problem = { code: 'too_many_choices', detail: 'Choose at most 2 options.', chosen: [1, 2, 3] }
    expect(firstBallot({ ...snapshot, problem })).toMatchObject({
      chosen: [1, 2, 3],
      progress: { step: 'refused', problem: ['faults.in_english', { detail: 'Choose at most 2 options.' }] },
    })
  })

  test('has nothing chosen where the form was for a round that is over', () => {
    const problem = { code: 'round_not_current', detail: '', chosen: [3] }
    expect(firstBallot({ ...snapshot, problem })).toMatchObject({
      chosen: [],
      progress: { step: 'refused', problem: ['faults.round_not_current'] },
    })
  })
})
