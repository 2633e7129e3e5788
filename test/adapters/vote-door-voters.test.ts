import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isSameSelection, type Selection, type VoteKind } from '../../src/domain/vote.ts'
import type { DoorAnswer, DoorCall, VoteDoor } from '../../src/ports/vote-door.ts'
import { adapters, type Adapters } from '../support/adapters.ts'
import { ask, readVotes, someCall, someDoor, somePollId, someRequestKey } from '../support/some-calls.ts'
import { someVoter, voterNumber } from '../support/some-votes.ts'

describe.each(adapters)('what the door remembers of its voters on $name', ({ create }) => {
  let made: Adapters
  let door: VoteDoor
  beforeAll(async () => {
    made = await create()
    door = made.door
    await made.stream.raiseEpoch(0, 1)
  })
  afterAll(() => made.stop())

  const openPoll = async (): Promise<string> => {
    const pollId = somePollId()
    await door.open(0, someDoor(pollId))
    return pollId
  }
  /** A poll, and one voter who asks for one thing after the other. */
  const openVoter = async () => {
    const pollId = await openPoll()
    const voter = someVoter()
    const want = (kind: VoteKind, selection: Selection, requestKey: string | null = null): Promise<DoorAnswer> =>
      ask(door, someCall({ pollId, voter, kind, selection, requestKey }))
    return { pollId, voter, want }
  }

  test('the same selection again is answered with the first position and isRepeated, appending nothing', async () => {
    const { pollId, want } = await openVoter()
    const first = await want('cast', [1, 2])
    expect(await want('cast', [1, 2])).toEqual({ ...first, isRepeated: true })
    expect(await want('change', [1, 2])).toEqual({ ...first, isRepeated: true })
    expect(await readVotes(made.stream, pollId)).toHaveLength(1)
  })

  test('another selection is already_voted, and only a change replaces it', async () => {
    const { pollId, voter, want } = await openVoter()
    await want('cast', [1])
    expect(await want('cast', [2])).toEqual({ answer: 'already_voted' })
    expect(await want('cast', [1, 2])).toEqual({ answer: 'already_voted' })
    const changed = await want('change', [2])
    expect(changed).toMatchObject({ answer: 'accepted', isRepeated: false })
    expect(await door.look(0, pollId, 1, voter)).toMatchObject({ selection: [2] })
    expect((await readVotes(made.stream, pollId)).map(({ selection }) => selection)).toEqual([[1], [2]])
  })

  test('after a retract a cast counts again; without a standing vote there is nothing to change or retract', async () => {
    const { pollId, voter, want } = await openVoter()
    expect(await want('change', [1])).toEqual({ answer: 'no_vote' })
    expect(await want('retract', [])).toEqual({ answer: 'no_vote' })
    await want('cast', [1])
    const retracted = await want('retract', [])
    expect(retracted).toMatchObject({ answer: 'accepted', isRepeated: false })
    expect(await want('retract', [])).toEqual({ ...retracted, isRepeated: true })
    expect(await door.look(0, pollId, 1, voter)).toMatchObject({ selection: [] })
    expect(await want('change', [1])).toEqual({ answer: 'no_vote' })
    expect(await want('cast', [1])).toMatchObject({ answer: 'accepted', isRepeated: false })
  })

  test('a known request key is answered with the first position and isRepeated, whatever came after it', async () => {
    const { pollId, voter, want } = await openVoter()
    const key = someRequestKey()
    const first = await want('cast', [1], key)
    await want('change', [2], someRequestKey())
    expect(await want('cast', [1], key)).toEqual({ ...first, isRepeated: true })
    expect(await door.look(0, pollId, 1, voter)).toMatchObject({ selection: [2] })
  })

  test('a known request key that asks for something else is idempotency_key_reused', async () => {
    const { want } = await openVoter()
    const key = someRequestKey()
    await want('cast', [1], key)
    expect(await want('cast', [2], key)).toEqual({ answer: 'idempotency_key_reused' })
    expect(await want('change', [1], key)).toEqual({ answer: 'idempotency_key_reused' })
    expect(await want('retract', [], key)).toEqual({ answer: 'idempotency_key_reused' })
  })

  test('a request that repeated what stood is known too: a late copy of it changes nothing back', async () => {
    const { pollId, voter, want } = await openVoter()
    const key = someRequestKey()
    const first = await want('cast', [1])
    expect(await want('change', [1], key)).toEqual({ ...first, isRepeated: true })
    await want('change', [2])
    expect(await want('change', [1], key)).toEqual({ ...first, isRepeated: true })
    expect(await door.look(0, pollId, 1, voter)).toMatchObject({ selection: [2] })
  })

  test('the same key of another voter means nothing', async () => {
    const pollId = await openPoll()
    const requestKey = someRequestKey()
    await ask(door, someCall({ pollId, requestKey }))
    expect(await ask(door, someCall({ pollId, requestKey, selection: [2] }))).toMatchObject({ isRepeated: false })
  })

  test('a voter who comes twice in one batch is judged in order', async () => {
    const pollId = await openPoll()
    const voter = someVoter()
    const requestKey = someRequestKey()
    const [first, again, other, changed, keyAgain, retracted] = await door.append(0, [
      someCall({ pollId, voter, requestKey }),
      someCall({ pollId, voter }),
      someCall({ pollId, voter, selection: [2] }),
      someCall({ pollId, voter, kind: 'change', selection: [2] }),
      someCall({ pollId, voter, requestKey }),
      someCall({ pollId, voter, kind: 'retract', selection: [] }),
    ])
    const votes = await readVotes(made.stream, pollId)
    expect(votes.map(({ kind }) => kind)).toEqual(['cast', 'change', 'retract'])
    expect(first).toEqual({ answer: 'accepted', position: votes[0]?.position, isRepeated: false })
    expect(again).toEqual({ ...first, isRepeated: true })
    expect(other).toEqual({ answer: 'already_voted' })
    expect(changed).toEqual({ answer: 'accepted', position: votes[1]?.position, isRepeated: false })
    expect(keyAgain).toEqual({ ...first, isRepeated: true })
    expect(retracted).toEqual({ answer: 'accepted', position: votes[2]?.position, isRepeated: false })
    expect(await door.look(0, pollId, 1, voter)).toEqual({ voter, selection: [], position: votes[2]?.position })
  })

  test('calls that come at the same time are judged one after the other: one first vote each', async () => {
    const pollId = await openPoll()
    const voters = Array.from({ length: 20 }, () => someVoter())
    const batches = Array.from({ length: 10 }, (_, n) =>
      door.append(
        0,
        voters.map((voter) => someCall({ pollId, voter, selection: [n + 1] })),
      ),
    )
    const answers = (await Promise.all(batches)).flat()
    expect(answers.filter(({ answer }) => answer === 'accepted')).toHaveLength(voters.length)
    expect(await readVotes(made.stream, pollId)).toHaveLength(voters.length)
  })

  const somethingAsked = fc.record({
    voter: fc.nat(4).map((number) => voterNumber(number + 1)),
    want: fc.oneof(
      fc.constant({ kind: 'retract' as const, selection: [] }),
      fc.record({
        kind: fc.constantFrom('cast' as const, 'change' as const),
        selection: fc.constantFrom<Selection>([1], [2], [1, 2]),
      }),
    ),
    requestKey: fc.option(fc.nat(5).map((number) => String(number).padStart(16, '0'))),
  })

  test('any calls in any batches are answered as by a plain list of who voted for what', async () => {
    const batches = fc.array(fc.array(somethingAsked, { minLength: 1, maxLength: 8 }), { maxLength: 8 })
    await fc.assert(
      fc.asyncProperty(batches, fc.nat(12), async (all, shutBefore) => {
        const pollId = await openPoll()
        const model = createModel()
        for (const [n, asked] of all.entries()) {
          if (n === shutBefore) {
            await door.shut(0, pollId, 1, false)
            model.shut()
          }
          const calls = asked.map(({ voter, want, requestKey }) => someCall({ pollId, voter, requestKey, ...want }))
          const answers = await door.append(0, calls)
          expect(answers.map((answer) => model.name(answer))).toEqual(calls.map((call) => model.judge(call)))
        }
        const votes = await readVotes(made.stream, pollId)
        expect(votes.map(({ position }) => model.name({ answer: 'accepted', position, isRepeated: false }))).toEqual(
          votes.map((_vote, n) => `accepted ${n}`),
        )
        for (const [voter, standing] of model.standing) {
          expect(await door.look(0, pollId, 1, voter)).toMatchObject({ selection: standing.selection })
        }
      }),
      { numRuns: 60, endOnFailure: true },
    )
  })
})

type Remembered = { readonly key: string; readonly asked: string; readonly place: number }
type Standing = { selection: Selection; place: number; requests: Remembered[] }

/** The rules of the door without a database: positions are named by the number of accepted votes before them. */
function createModel() {
  const standing = new Map<DoorCall['voter'], Standing>()
  const positions: string[] = []
  let accepted = 0
  let isShut = false

  function remember(voter: Standing, call: DoorCall, place: number): void {
    if (call.requestKey === null) return
    const request = { key: call.requestKey, asked: `${call.kind} ${call.selection.join()}`, place }
    voter.requests = [request, ...voter.requests].slice(0, 3)
  }

  return {
    standing,
    /** A new position gets the next number; a repeated one must be known. */
    name(answer: DoorAnswer): string {
      if (answer.answer !== 'accepted') return answer.answer
      if (!positions.includes(answer.position)) positions.push(answer.position)
      return `accepted ${positions.indexOf(answer.position)}`
    },
    shut(): void {
      isShut = true
    },
    judge(call: DoorCall): string {
      const known = standing.get(call.voter)
      const request = known?.requests.find(({ key }) => key === call.requestKey)
      if (request !== undefined) {
        const isSame = request.asked === `${call.kind} ${call.selection.join()}`
        return isSame ? `accepted ${request.place}` : 'idempotency_key_reused'
      }
      if (isShut) return 'poll_closed'
      if (known === undefined && call.kind !== 'cast') return 'no_vote'
      if (known !== undefined && isSameSelection(known.selection, call.selection)) {
        remember(known, call, known.place)
        return `accepted ${known.place}`
      }
      if (known !== undefined && call.kind === 'cast' && known.selection.length > 0) return 'already_voted'
      if (known?.selection.length === 0 && call.kind === 'change') return 'no_vote'
      const voter = known ?? { selection: [], place: 0, requests: [] }
      standing.set(call.voter, voter)
      voter.selection = call.selection
      voter.place = accepted
      remember(voter, call, accepted)
      accepted += 1
      return `accepted ${voter.place}`
    },
  }
}
