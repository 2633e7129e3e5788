import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { VoteDoor } from '../../src/ports/vote-door.ts'
import { adapters, type Adapters } from '../support/adapters.ts'
import { ask, readEntries, readMarkers, readVotes, someCall, someDoor, somePollId } from '../support/some-calls.ts'
import { someVoter } from '../support/some-votes.ts'
import { waitUntil } from '../support/wait-until.ts'

const hourMs = 3_600_000

describe.each(adapters)('the door on $name', ({ create }) => {
  let made: Adapters
  let door: VoteDoor
  beforeAll(async () => {
    made = await create()
    door = made.door
    await made.stream.raiseEpoch(0, 1)
  })
  afterAll(() => made.stop())

  const openPoll = async (said: Parameters<typeof someDoor>[1] = {}): Promise<string> => {
    const pollId = somePollId()
    await door.open(0, someDoor(pollId, said))
    return pollId
  }

  test('accepted calls are appended as ONE entry, in their order, and answered with their positions', async () => {
    const [pollId, otherPollId] = [await openPoll(), await openPoll()]
    const calls = [
      someCall({ pollId, selection: [1] }),
      someCall({ pollId: otherPollId, selection: [7] }),
      someCall({ pollId, selection: [2, 300, 32_767] }),
    ]
    const before = await readEntries(made.stream)
    const answers = await door.append(0, calls)
    expect(await readEntries(made.stream)).toHaveLength(before.length + 1)

    const votes = [...(await readVotes(made.stream, pollId)), ...(await readVotes(made.stream, otherPollId))]
    for (const [n, call] of calls.entries()) {
      const vote = votes.find(({ voter }) => voter === call.voter)
      expect(vote).toMatchObject({ pollId: call.pollId, round: 1, kind: 'cast', selection: call.selection })
      expect(answers[n]).toEqual({ answer: 'accepted', position: vote?.position, isRepeated: false })
    }
    const [first, second] = await readVotes(made.stream, pollId)
    expect([first?.voter, second?.voter]).toEqual([calls[0]?.voter, calls[2]?.voter])
  })

  test('no calls, no entry', async () => {
    const before = await readEntries(made.stream)
    expect(await door.append(0, [])).toEqual([])
    expect(await readEntries(made.stream)).toHaveLength(before.length)
  })

  test('answers come in the order of the calls, whichever polls and definitions are mixed', async () => {
    const [pollId, shutPollId] = [await openPoll({ revision: 3 }), await openPoll()]
    await door.shut(0, shutPollId, 1, false)
    const answers = await door.append(0, [
      someCall({ pollId, revision: 2 }),
      someCall({ pollId: shutPollId }),
      someCall({ pollId, revision: 3 }),
      someCall({ pollId: somePollId() }),
      someCall({ pollId, revision: 3, kind: 'change' }),
      someCall({ pollId, revision: 4 }),
    ])
    expect(answers.map(({ answer }) => answer)).toEqual([
      'definition_stale',
      'poll_closed',
      'accepted',
      'door_missing',
      'no_vote',
      'accepted',
    ])
    expect(await readVotes(made.stream, pollId)).toHaveLength(2)
  })

  test('a batch of many voters is appended whole', async () => {
    const pollId = await openPoll()
    const calls = Array.from({ length: 2500 }, () => someCall({ pollId }))
    const answers = await door.append(0, calls)
    const votes = await readVotes(made.stream, pollId)
    expect(answers.map((answer) => answer.answer === 'accepted' && answer.position)).toEqual(
      votes.map(({ position }) => position),
    )
    expect(votes.map(({ voter }) => voter)).toEqual(calls.map(({ voter }) => voter))
  })

  test('an older revision is definition_stale, a newer one is not', async () => {
    const pollId = await openPoll({ revision: 5 })
    expect(await ask(door, someCall({ pollId, revision: 4 }))).toEqual({ answer: 'definition_stale' })
    expect(await ask(door, someCall({ pollId, revision: 6 }))).toMatchObject({ answer: 'accepted' })
  })

  test('an earlier round than that of the door is definition_stale; to a later one the door is missing, open or shut', async () => {
    const [pollId, shutPollId, sealedPollId] = [
      await openPoll({ round: 2 }),
      await openPoll({ round: 2 }),
      somePollId(),
    ]
    for (const id of [shutPollId, sealedPollId]) await door.shut(0, id, 2, false)
    for (const id of [pollId, shutPollId, sealedPollId]) {
      expect(await ask(door, someCall({ pollId: id, round: 1 }))).toEqual({ answer: 'definition_stale' })
      expect(await ask(door, someCall({ pollId: id, round: 3 }))).toEqual({ answer: 'door_missing' })
      expect(await readVotes(made.stream, id)).toEqual([])
    }
  })

  test('a poll without a door is door_missing', async () => {
    expect(await ask(door, someCall({ pollId: somePollId() }))).toEqual({ answer: 'door_missing' })
  })

  test('the door lets votes in before closesAt; the first call at or after it shuts the door and appends the close marker', async () => {
    const closesAt = (await door.now()) + 2_500
    const pollId = await openPoll({ closesAt })
    const voter = someVoter()
    expect(await ask(door, someCall({ pollId, voter }))).toMatchObject({ answer: 'accepted' })
    await waitUntil(async () => (await door.now()) >= closesAt, { withinMs: 10_000 })
    expect(await readMarkers(made.stream, pollId)).toEqual([])

    const answers = await door.append(0, [someCall({ pollId }), someCall({ pollId })])
    expect(answers).toEqual([{ answer: 'poll_closed' }, { answer: 'poll_closed' }])
    expect(await ask(door, someCall({ pollId }))).toEqual({ answer: 'poll_closed' })
    expect(await readMarkers(made.stream, pollId)).toEqual([1])
    expect(await readVotes(made.stream, pollId)).toHaveLength(1)
    expect(await door.look(0, pollId, 1, voter)).toMatchObject({ voter, selection: [1] })
  })

  test('open MUST replace a door of an earlier round and its voters', async () => {
    const pollId = await openPoll()
    const voter = someVoter()
    await ask(door, someCall({ pollId, voter }))
    await door.shut(0, pollId, 1, false)
    await door.open(0, someDoor(pollId, { round: 2, revision: 9 }))
    expect(await door.look(0, pollId, 2, voter)).toBeNull()
    const again = someCall({ pollId, voter, round: 2, revision: 9, selection: [2] })
    expect(await ask(door, again)).toMatchObject({ answer: 'accepted', isRepeated: false })
  })

  test('open MUST leave a door of this or a later round untouched', async () => {
    const pollId = await openPoll({ round: 2 })
    const voter = someVoter()
    await ask(door, someCall({ pollId, voter, round: 2 }))
    for (const round of [1, 2]) await door.open(0, someDoor(pollId, { round, revision: 7 }))
    expect(await door.look(0, pollId, 2, voter)).toMatchObject({ selection: [1] })
    expect(await ask(door, someCall({ pollId, round: 2 }))).toMatchObject({ answer: 'accepted' })
    await door.shut(0, pollId, 2, false)
    await door.open(0, someDoor(pollId, { round: 2 }))
    expect(await ask(door, someCall({ pollId, round: 2 }))).toEqual({ answer: 'poll_closed' })
  })

  test('no vote stands in the stream at or after closesAt, however long its batch takes', async () => {
    const [partition, callsPerBatch, votesForMs] = [7, 5_000, 500]
    await made.stream.raiseEpoch(partition, 1)
    const ends = new Map<string, number>()
    // Often enough that a poll ends while a batch is being judged.
    for (let poll = 0; poll < 4; poll += 1) {
      const pollId = somePollId()
      const closesAt = (await door.now()) + votesForMs
      ends.set(pollId, closesAt)
      await door.open(partition, someDoor(pollId, { closesAt }))
      let isShut = false
      const voteOn = async (): Promise<void> => {
        while (!isShut) {
          const answers = await door.append(
            partition,
            Array.from({ length: callsPerBatch }, () => someCall({ pollId })),
          )
          isShut ||= answers.some(({ answer }) => answer === 'poll_closed')
        }
      }
      await Promise.all([voteOn(), voteOn()])
    }
    let entries = 0
    for (const { appendedAt, content } of await readEntries(made.stream, partition)) {
      if (content.type === 'close') expect(appendedAt).toBeGreaterThanOrEqual(ends.get(content.pollId) ?? Infinity)
      if (content.type !== 'votes') continue
      expect(appendedAt).toBeLessThan(ends.get(content.votes[0]?.pollId ?? '') ?? 0)
      entries += 1
    }
    expect(entries).toBeGreaterThan(0)
  })

  test('revise takes a higher revision and its closesAt over to a door of this round', async () => {
    const pollId = await openPoll({ closesAt: (await door.now()) + hourMs })
    await door.revise(0, someDoor(pollId, { revision: 2, closesAt: (await door.now()) - 1 }))
    expect(await ask(door, someCall({ pollId, revision: 2 }))).toEqual({ answer: 'poll_closed' })

    const laterPollId = await openPoll({ closesAt: await door.now() })
    await door.revise(0, someDoor(laterPollId, { revision: 3, closesAt: null }))
    await door.revise(0, someDoor(laterPollId, { revision: 2, closesAt: 1 }))
    await door.revise(0, someDoor(laterPollId, { revision: 3, closesAt: 1 }))
    await door.revise(0, someDoor(laterPollId, { revision: 9, round: 2, closesAt: 1 }))
    expect(await ask(door, someCall({ pollId: laterPollId, revision: 2 }))).toEqual({ answer: 'definition_stale' })
    expect(await ask(door, someCall({ pollId: laterPollId, revision: 3 }))).toMatchObject({ answer: 'accepted' })
  })

  test('revise leaves a shut or missing door as it is', async () => {
    const pollId = await openPoll()
    await door.shut(0, pollId, 1, false)
    const missing = somePollId()
    expect(await door.revise(0, someDoor(pollId, { revision: 2 }))).toBe('shut')
    expect(await door.revise(0, someDoor(missing, { revision: 2 }))).toBe('done')
    expect(await ask(door, someCall({ pollId, revision: 2 }))).toEqual({ answer: 'poll_closed' })
    expect(await ask(door, someCall({ pollId: missing, revision: 2 }))).toEqual({ answer: 'door_missing' })
  })

  test('revise MUST answer shut where the door of this round is shut, else done', async () => {
    const closesAt = await door.now()
    const [latched, sealed, reset] = [await openPoll({ closesAt }), somePollId(), await openPoll()]
    expect(await ask(door, someCall({ pollId: latched }))).toEqual({ answer: 'poll_closed' })
    await door.shut(0, sealed, 1, false)
    await door.shut(0, reset, 1, false)
    for (const id of [latched, sealed]) expect(await door.revise(0, someDoor(id, { revision: 2 }))).toBe('shut')
    expect(await door.revise(0, someDoor(reset, { revision: 2, round: 2 }))).toBe('done')
    expect(await door.revise(0, someDoor(await openPoll(), { revision: 1 }))).toBe('done')
    expect(await door.revise(0, someDoor(await openPoll(), { revision: 2 }))).toBe('done')
  })

  test('shut appends the close marker once when the door was open, and again when it is a repeat', async () => {
    const pollId = await openPoll()
    await door.shut(0, pollId, 1, false)
    await door.shut(0, pollId, 1, false)
    expect(await readMarkers(made.stream, pollId)).toEqual([1])
    await door.shut(0, pollId, 1, true)
    expect(await readMarkers(made.stream, pollId)).toEqual([1, 1])
    expect(await ask(door, someCall({ pollId }))).toEqual({ answer: 'poll_closed' })
  })

  test('shut leaves the door shut also where it was missing, and nobody takes it for one that knows its voters', async () => {
    const pollId = somePollId()
    await door.shut(0, pollId, 1, false)
    expect(await readMarkers(made.stream, pollId)).toEqual([1])
    expect(await ask(door, someCall({ pollId }))).toEqual({ answer: 'poll_closed' })
    expect(await door.look(0, pollId, 1, someVoter())).toBe('door_missing')
  })

  test('shut replaces a door of an earlier round, and leaves one of a later round open', async () => {
    const pollId = await openPoll()
    await door.shut(0, pollId, 2, false)
    expect(await ask(door, someCall({ pollId, round: 2 }))).toEqual({ answer: 'poll_closed' })

    const laterPollId = await openPoll({ round: 3 })
    await door.shut(0, laterPollId, 2, true)
    expect(await ask(door, someCall({ pollId: laterPollId, round: 3 }))).toMatchObject({ answer: 'accepted' })
  })

  test('remove takes door and voters away', async () => {
    const pollId = await openPoll()
    const voter = someVoter()
    await ask(door, someCall({ pollId, voter }))
    await door.remove(0, pollId)
    expect(await ask(door, someCall({ pollId, voter }))).toEqual({ answer: 'door_missing' })
    await door.open(0, someDoor(pollId))
    expect(await door.look(0, pollId, 1, voter)).toBeNull()
  })

  test("look shows the voter's vote, null before the first, and door_missing where there is no door of this round", async () => {
    const pollId = await openPoll()
    const voter = someVoter()
    expect(await door.look(0, pollId, 1, voter)).toBeNull()
    await ask(door, someCall({ pollId, voter, selection: [4, 9] }))
    const [vote] = await readVotes(made.stream, pollId)
    expect(await door.look(0, pollId, 1, voter)).toEqual({ voter, selection: [4, 9], position: vote?.position })
    expect(await door.look(0, pollId, 2, voter)).toBe('door_missing')
    expect(await door.look(0, somePollId(), 1, voter)).toBe('door_missing')
  })

  test('doors of an earlier epoch count as missing', async () => {
    const pollId = somePollId()
    await made.stream.raiseEpoch(1, 1)
    await door.open(1, someDoor(pollId))
    expect(await ask(door, someCall({ pollId }), 1)).toMatchObject({ answer: 'accepted' })
    await made.stream.raiseEpoch(1, 2)
    expect(await ask(door, someCall({ pollId }), 1)).toEqual({ answer: 'door_missing' })
    expect(await door.look(1, pollId, 1, someVoter())).toBe('door_missing')
    // Somebody may have voted in it, so it must not come back empty either.
    await door.open(1, someDoor(pollId))
    expect(await ask(door, someCall({ pollId }), 1)).toEqual({ answer: 'door_missing' })
    // It would be restored shut.
    const shutPollId = somePollId()
    await door.shut(1, shutPollId, 1, false)
    await made.stream.raiseEpoch(1, 3)
    expect(await door.revise(1, someDoor(shutPollId, { revision: 2 }))).toBe('shut')
  })

  test('partitions know nothing of each other', async () => {
    const pollId = await openPoll()
    await made.stream.raiseEpoch(2, 1)
    expect(await ask(door, someCall({ pollId }), 2)).toEqual({ answer: 'door_missing' })
    expect(await readEntries(made.stream, 2)).toEqual([])
  })

  test("now is the stream's clock, by which entries are dated", async () => {
    const pollId = await openPoll()
    const before = await door.now()
    await ask(door, someCall({ pollId }))
    const after = await door.now()
    const entry = (await readEntries(made.stream)).at(-1)
    expect(entry?.appendedAt).toBeGreaterThanOrEqual(before)
    expect(entry?.appendedAt).toBeLessThanOrEqual(after)
  })
})
