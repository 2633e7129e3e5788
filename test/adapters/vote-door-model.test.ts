import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type EntryId, type Position, positionOf, STREAM_START } from '../../src/domain/position.ts'
import { isSameSelection, type PositionedVote, type Selection, type VoteKind } from '../../src/domain/vote.ts'
import type { DoorAnswer, DoorCall } from '../../src/ports/vote-door.ts'
import { adapters, type Adapters } from '../support/adapters.ts'
import { voterNumber } from '../support/some-votes.ts'

const never = new AbortController().signal
/** As many as a door keeps of each voter, so that here none is ever forgotten. */
const requestKeys = 3
const runs = 100

type Request = { readonly key: string; readonly asked: string; readonly position: number }
type Voter = { selection: Selection; position: number; requests: readonly Request[] }
type Judged = { readonly answer: DoorAnswer['answer']; readonly vote: number | null; readonly isRepeated: boolean }

/** The rules of the door, said once more in the plainest way. Accepted votes are numbered from 0. */
const createModel = (doors: ReadonlyMap<string, { readonly round: number; readonly revision: number }>) => {
  const voters = new Map<string, Voter>()
  const accepted: DoorCall[] = []
  const no = (answer: DoorAnswer['answer']): Judged => ({ answer, vote: null, isRepeated: false })
  const again = (vote: number): Judged => ({ answer: 'accepted', vote, isRepeated: true })

  const judge = (call: DoorCall): Judged => {
    const door = doors.get(call.pollId)
    if (door === undefined) return no('door_missing')
    if (door.round !== call.round || call.revision < door.revision) return no('definition_stale')
    const key = `${call.pollId} ${call.voter}`
    const asked = `${call.kind} ${call.selection.join()}`
    const voter = voters.get(key)
    const known = voter?.requests.find((request) => request.key === call.requestKey)
    if (known) return known.asked === asked ? again(known.position) : no('idempotency_key_reused')
    if (voter === undefined && call.kind !== 'cast') return no('no_vote')

    const remember = (position: number): void => {
      const requests = voter?.requests ?? []
      const request = call.requestKey === null ? [] : [{ key: call.requestKey, asked, position }]
      voters.set(key, {
        selection: call.selection,
        position,
        requests: [...request, ...requests],
      })
    }
    if (voter && isSameSelection(voter.selection, call.selection)) {
      remember(voter.position)
      return again(voter.position)
    }
    if (voter && call.kind === 'cast' && voter.selection.length > 0) return no('already_voted')
    if (voter && call.kind === 'change' && voter.selection.length === 0) return no('no_vote')
    const vote = accepted.push(call) - 1
    remember(vote)
    return { answer: 'accepted', vote, isRepeated: false }
  }
  return { judge, accepted }
}

const someKind = fc.constantFrom<VoteKind>('cast', 'cast', 'change', 'retract')
const someCall = fc
  .record({
    poll: fc.constantFrom('first', 'first', 'first', 'second', 'missing'),
    round: fc.constantFrom(2, 2, 2, 2, 2, 1, 3),
    revision: fc.constantFrom(5, 5, 5, 5, 6, 4),
    kind: someKind,
    voter: fc.integer({ min: 0, max: 2 }).map(voterNumber),
    chosen: fc.constantFrom<Selection>([1], [1], [2], [1, 2], [300]),
    requestKey: fc.option(fc.integer({ min: 1, max: requestKeys }).map((key) => key.toString(16).padStart(16, '0'))),
  })
  .map(({ chosen, ...call }) => ({ ...call, selection: call.kind === 'retract' ? [] : chosen }))
const someBatches = fc.array(fc.array(someCall, { minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 6 })

describe.each(adapters)('the door on $name, held against a model of its rules', ({ create }) => {
  let made: Adapters
  beforeAll(async () => {
    made = await create()
  })
  afterAll(() => made.stop())

  test('answers every batch as the model does, and appends what the model accepts', { timeout: 120_000 }, async () => {
    let partition = 0
    const met = new Set<string>()
    const property = fc.asyncProperty(someBatches, async (batches) => {
      partition += 1
      await made.stream.raiseEpoch(partition, 7)
      const names = ['first', 'second'].map((name) => `${name} of ${partition}`)
      for (const pollId of names) {
        await made.door.open(partition, { pollId, round: 2, revision: 5, closesAt: null })
      }
      const model = createModel(new Map(names.map((name) => [name, { round: 2, revision: 5 }])))
      const positions: Position[] = []
      for (const batch of batches) {
        const calls = batch.map(({ poll, ...call }): DoorCall => ({ ...call, pollId: `${poll} of ${partition}` }))
        const answers = await made.door.append(partition, calls)
        const expected = calls.map(model.judge)
        const said = answers.map((answer, at): Judged => {
          if (answer.answer !== 'accepted') return { answer: answer.answer, vote: null, isRepeated: false }
          if (!answer.isRepeated) positions[expected[at]?.vote ?? -1] ??= answer.position
          return { answer: 'accepted', vote: positions.indexOf(answer.position), isRepeated: answer.isRepeated }
        })
        for (const { answer, isRepeated } of said) met.add(`${answer} ${isRepeated}`)
        expect(said).toEqual(expected)
      }
      const expectedVotes = model.accepted.map(({ pollId, round, voter, kind, selection }, at) => {
        return { pollId, round, voter, kind, selection, position: positions[at] }
      })
      const votes = await readVotes(made, partition)
      expect(votes).toHaveLength(expectedVotes.length)
      // Votes of two polls in one batch may stand in any order: they never meet.
      for (const name of names) {
        expect(votes.filter(({ pollId }) => pollId === name)).toEqual(
          expectedVotes.filter(({ pollId }) => pollId === name),
        )
      }
    })
    await fc.assert(property, { numRuns: runs })
    // A run that never came to one of the answers would prove nothing about it.
    expect([...met].toSorted()).toEqual([
      'accepted false',
      'accepted true',
      'already_voted false',
      'definition_stale false',
      'door_missing false',
      'idempotency_key_reused false',
      'no_vote false',
    ])
  })
})

/** All votes of the partition's stream, with their positions. */
const readVotes = async ({ stream }: Adapters, partition: number): Promise<readonly PositionedVote[]> => {
  const votes: PositionedVote[] = []
  let after: EntryId = STREAM_START
  for (;;) {
    const entries = await stream.read(partition, after, { entriesMax: 100, waitMs: 0 }, never)
    for (const { id, epoch, content } of entries) {
      after = id
      if (content.type !== 'votes') throw new Error(`not votes: ${content.type}`)
      votes.push(...content.votes.map((vote, index) => ({ ...vote, position: positionOf(epoch, id, index) })))
    }
    if (entries.length === 0) return votes
  }
}
