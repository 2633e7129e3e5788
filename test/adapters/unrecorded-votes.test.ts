import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type EntryId, STREAM_START } from '../../src/domain/position.ts'
import type { DoorAnswer, DoorCall } from '../../src/ports/vote-door.ts'
import { adapters, type Adapters } from '../support/adapters.ts'
import {
  ask,
  readEntries,
  readMarkers,
  readVotes,
  someCall,
  someDoor,
  somePollId,
  someRequestKey,
} from '../support/some-calls.ts'
import { someVoter } from '../support/some-votes.ts'

const unrecordedVotesMax = 5

describe.each(adapters)('votes that are not recorded yet, on $name', ({ create }) => {
  let made: Adapters
  let partition = 0
  beforeAll(async () => {
    made = await create({ unrecordedVotesMax })
  })
  afterAll(() => made.stop())

  /** An open poll at a partition that no other test uses. */
  const openPoll = async (): Promise<string> => {
    partition += 1
    const pollId = somePollId()
    await made.stream.raiseEpoch(partition, 1)
    await made.door.open(partition, someDoor(pollId))
    return pollId
  }
  const append = async (calls: readonly DoorCall[]): Promise<readonly DoorAnswer['answer'][]> =>
    (await made.door.append(partition, calls)).map(({ answer }) => answer)
  /** As many first votes; returns how many were accepted. */
  const castVotes = async (pollId: string, count: number): Promise<number> => {
    const answers = await append(Array.from({ length: count }, () => someCall({ pollId })))
    return answers.filter((answer) => answer === 'accepted').length
  }
  const entryIds = async (): Promise<readonly EntryId[]> =>
    (await readEntries(made.stream, partition)).map(({ id }) => id)

  test('as many as are configured are accepted, one by one or in one batch, and the next is overloaded', async () => {
    const oneByOne = await openPoll()
    for (let n = 0; n < unrecordedVotesMax; n += 1) expect(await castVotes(oneByOne, 1)).toBe(1)
    expect(await append([someCall({ pollId: oneByOne })])).toEqual(['overloaded'])
    expect(await readVotes(made.stream, oneByOne, partition)).toHaveLength(unrecordedVotesMax)

    const together = await openPoll()
    const answers = await append(Array.from({ length: 8 }, () => someCall({ pollId: together })))
    expect(answers).toEqual([...Array(5).fill('accepted'), ...Array(3).fill('overloaded')])
    expect(await readVotes(made.stream, together, partition)).toHaveLength(unrecordedVotesMax)
  })

  test('an overloaded voter is not known to the door, and may come again', async () => {
    const pollId = await openPoll()
    await castVotes(pollId, unrecordedVotesMax)
    const call = someCall({ pollId, requestKey: someRequestKey() })
    const other = { ...call, selection: [2] }
    expect(await append([call, call, other])).toEqual(['overloaded', 'overloaded', 'overloaded'])
    expect(await made.door.look(partition, pollId, 1, call.voter)).toBeNull()
    const [last] = (await entryIds()).slice(-1)
    await made.stream.follow(partition, last ?? STREAM_START)
    expect(await made.door.append(partition, [call])).toMatchObject([{ answer: 'accepted', isRepeated: false }])
  })

  test('repetitions and refusals are answered as ever; a change is overloaded, and the vote stands', async () => {
    const pollId = await openPoll()
    const first = someCall({ pollId, requestKey: someRequestKey() })
    const [accepted] = await made.door.append(partition, [first])
    await castVotes(pollId, unrecordedVotesMax - 1)
    const again = {
      answer: 'accepted',
      isRepeated: true,
      position: accepted && 'position' in accepted && accepted.position,
    }
    expect(
      await made.door.append(partition, [
        first,
        { ...first, requestKey: null },
        { ...first, requestKey: someRequestKey() },
        { ...first, selection: [2] },
        { ...first, selection: [2], requestKey: null },
        { ...first, selection: [2], requestKey: null, kind: 'change' },
        { ...first, selection: [], requestKey: null, kind: 'retract' },
        someCall({ pollId, kind: 'change' }),
        someCall({ pollId: somePollId() }),
      ]),
    ).toEqual([
      again,
      again,
      again,
      { answer: 'idempotency_key_reused' },
      { answer: 'already_voted' },
      { answer: 'overloaded' },
      { answer: 'overloaded' },
      { answer: 'no_vote' },
      { answer: 'door_missing' },
    ])
    expect(await made.door.look(partition, pollId, 1, first.voter)).toMatchObject({ selection: [1] })
  })

  test('close markers are appended as ever, of a door that is shut and of one whose time has come', async () => {
    const pollId = await openPoll()
    const timedPollId = somePollId()
    await castVotes(pollId, unrecordedVotesMax)
    await made.door.shut(partition, pollId, 1, false)
    await made.door.open(partition, someDoor(timedPollId, { closesAt: await made.door.now() }))
    expect(await append([someCall({ pollId: timedPollId })])).toEqual(['poll_closed'])
    expect(await readMarkers(made.stream, pollId, partition)).toEqual([1])
    expect(await readMarkers(made.stream, timedPollId, partition)).toEqual([1])
  })

  test('votes up to the recorded one do not count as unrecorded from then on, and those after it do', async () => {
    const pollId = await openPoll()
    await castVotes(pollId, 2)
    await castVotes(pollId, 3)
    const [first, second] = await entryIds()
    await made.stream.follow(partition, STREAM_START)
    expect(await castVotes(pollId, 1)).toBe(0)
    await made.stream.follow(partition, first ?? STREAM_START)
    expect(await castVotes(pollId, 9)).toBe(2)
    await made.stream.follow(partition, second ?? STREAM_START)
    expect(await castVotes(pollId, 9)).toBe(3)
    const last = (await entryIds()).at(-1) ?? STREAM_START
    await made.stream.follow(partition, last)
    expect(await castVotes(pollId, 9)).toBe(unrecordedVotesMax)
  })

  test('a place before one that was told earlier changes nothing', async () => {
    const pollId = await openPoll()
    await castVotes(pollId, 2)
    await castVotes(pollId, 3)
    const [first, second] = await entryIds()
    for (const id of [second, first, STREAM_START]) await made.stream.follow(partition, id ?? STREAM_START)
    expect(await castVotes(pollId, 9)).toBe(unrecordedVotesMax)
  })

  test('partitions are counted apart', async () => {
    await castVotes(await openPoll(), unrecordedVotesMax)
    expect(await castVotes(await openPoll(), 9)).toBe(unrecordedVotesMax)
  })

  test('in many batches at once no more are accepted than may be', async () => {
    const pollId = await openPoll()
    const accepted = await Promise.all(Array.from({ length: 12 }, () => castVotes(pollId, 2)))
    expect(accepted.reduce((sum, count) => sum + count, 0)).toBe(unrecordedVotesMax)
    const voter = someVoter()
    expect(await ask(made.door, someCall({ pollId, voter }), partition)).toEqual({ answer: 'overloaded' })
  })
})
