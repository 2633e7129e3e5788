import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { DoorCall, VoteDoor } from '../../src/ports/vote-door.ts'
import { adapters, type Adapters } from '../support/adapters.ts'
import { ask, readMarkers, readVotes, someCall, someDoor, somePollId, someRequestKey } from '../support/some-calls.ts'
import { someVoter } from '../support/some-votes.ts'

describe.each(adapters)('a shut door of that round on $name', ({ create }) => {
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

  /** A voter who has voted and changed the vote, each with a key, and everything that may be asked once the door is shut. */
  const voteAndChange = async (pollId: string) => {
    const voter = someVoter()
    const say = { pollId, voter, revision: 2, requestKey: someRequestKey() }
    const change = { ...say, kind: 'change' as const, selection: [2], requestKey: someRequestKey() }
    const answers = [await ask(door, someCall(say)), await ask(door, someCall(change))]
    expect(answers).toMatchObject([{ isRepeated: false }, { isRepeated: false }])
    const unknown = { ...change, requestKey: someRequestKey() }
    const asked: readonly (readonly [DoorCall, object])[] = [
      [someCall(say), { ...answers[0], isRepeated: true }],
      [someCall({ ...change, requestKey: null }), { answer: 'poll_closed' }],
      [someCall(change), { ...answers[1], isRepeated: true }],
      [someCall({ ...say, selection: [2] }), { answer: 'idempotency_key_reused' }],
      [someCall({ ...say, kind: 'retract', selection: [] }), { answer: 'idempotency_key_reused' }],
      [someCall(unknown), { answer: 'poll_closed' }],
      [someCall({ ...unknown, selection: [3] }), { answer: 'poll_closed' }],
      [someCall({ ...say, voter: someVoter() }), { answer: 'poll_closed' }],
      [someCall({ ...say, round: 2 }), { answer: 'door_missing' }],
      // By now its key would be known to a door that learned from what it refuses.
      [someCall(unknown), { answer: 'poll_closed' }],
    ]
    return { calls: asked.map(([call]) => call), expected: asked.map(([, answer]) => answer) }
  }

  test('MUST answer a known request key all the same, appending nothing; every other call is poll_closed', async () => {
    const pollId = await openPoll()
    const { calls, expected } = await voteAndChange(pollId)
    await door.shut(0, pollId, 1, false)
    expect(await door.append(0, calls)).toEqual(expected)
    for (const [n, call] of calls.entries()) expect(await ask(door, call)).toEqual(expected[n])
    expect(await readVotes(made.stream, pollId)).toHaveLength(2)
    expect(await readMarkers(made.stream, pollId)).toEqual([1])
  })

  test('MUST answer a known request key also in the batch that shuts it, at its closesAt', async () => {
    const [pollId, otherPollId] = [await openPoll(), await openPoll()]
    const { calls, expected } = await voteAndChange(pollId)
    await door.revise(0, someDoor(pollId, { revision: 2, closesAt: (await door.now()) - 1 }))
    expect(await readMarkers(made.stream, pollId)).toEqual([])
    const answers = await door.append(0, [...calls, someCall({ pollId: otherPollId }), ...calls])
    expect(answers.toSpliced(calls.length, 1)).toEqual([...expected, ...expected])
    expect(answers[calls.length]).toMatchObject({ answer: 'accepted', isRepeated: false })
    expect(await readVotes(made.stream, pollId)).toHaveLength(2)
    expect(await readMarkers(made.stream, pollId)).toEqual([1])
  })

  test('that was missing when it was shut knows no request key', async () => {
    const pollId = await openPoll()
    const call = someCall({ pollId, requestKey: someRequestKey() })
    await ask(door, call)
    await door.remove(0, pollId)
    await door.shut(0, pollId, 1, false)
    expect(await ask(door, call)).toEqual({ answer: 'poll_closed' })
  })
})
