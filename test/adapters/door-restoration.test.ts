import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { positionOf, STREAM_START } from '../../src/domain/position.ts'
import type { DoorRestoration, Restoration } from '../../src/ports/door-restoration.ts'
import type { VoteDoor, VoterAtDoor } from '../../src/ports/vote-door.ts'
import { adapters, type Adapters } from '../support/adapters.ts'
import { ask, readEntries, readMarkers, someCall, someDoor, somePollId } from '../support/some-calls.ts'
import { someVoter } from '../support/some-votes.ts'

const epoch = 3

describe.each(adapters)('the restoration of doors on $name', ({ create }) => {
  let made: Adapters
  let door: VoteDoor
  let restoration: DoorRestoration
  beforeAll(async () => {
    made = await create()
    ;({ door, restoration } = made)
    await made.stream.raiseEpoch(0, epoch)
  })
  afterAll(() => made.stop())

  const begin = async (pollId: string, partition = 0, round = 1): Promise<Restoration> => {
    const begun = await restoration.begin(partition, pollId, round)
    if (begun === null) throw new Error('not permitted')
    return begun
  }
  const someVoterAtDoor = (selection: readonly number[] = [1]): VoterAtDoor => ({
    voter: someVoter(),
    selection,
    position: positionOf(1, '5-0', 7),
  })

  test('a missing door is loaded with its voters, and from then on lets votes in', async () => {
    const pollId = somePollId()
    const voters = [someVoterAtDoor([1, 2]), someVoterAtDoor([]), someVoterAtDoor([32_767])]
    const begun = await begin(pollId, 0, 2)
    expect(await restoration.putVoters(begun, 2, voters.slice(0, 2))).toBe(true)
    expect(await restoration.putVoters(begun, 2, voters.slice(2))).toBe(true)
    expect(await ask(door, someCall({ pollId, round: 2 }))).toEqual({ answer: 'door_missing' })
    expect(await restoration.finish(begun, someDoor(pollId, { round: 2 }), epoch)).toBe(true)

    for (const voter of voters) expect(await door.look(0, pollId, 2, voter.voter)).toEqual(voter)
    const [standing, retracted] = voters
    const cast = (voter: VoterAtDoor | undefined, selection: readonly number[]) =>
      ask(door, someCall({ pollId, round: 2, voter: voter?.voter ?? someVoter(), selection }))
    expect(await cast(standing, [2])).toEqual({ answer: 'already_voted' })
    expect(await cast(standing, [1, 2])).toEqual({ answer: 'accepted', isRepeated: true, position: standing?.position })
    expect(await cast(retracted, [2])).toMatchObject({ answer: 'accepted', isRepeated: false })
    expect(await cast(undefined, [2])).toMatchObject({ answer: 'accepted', isRepeated: false })
  })

  test('thousands of voters on one page are loaded', async () => {
    const pollId = somePollId()
    const voters = Array.from({ length: 3000 }, () => someVoterAtDoor())
    const begun = await begin(pollId)
    expect(await restoration.putVoters(begun, 1, voters)).toBe(true)
    expect(await restoration.finish(begun, someDoor(pollId), epoch)).toBe(true)
    const calls = voters.map(({ voter }) => someCall({ pollId, voter, selection: [2] }))
    const answers = await door.append(0, calls)
    expect(answers.filter(({ answer }) => answer === 'already_voted')).toHaveLength(voters.length)
  })

  test("the permission names the stream's last entry, and what the stream believes its epoch is", async () => {
    expect(await begin(somePollId())).toMatchObject({ end: (await readEntries(made.stream)).at(-1)?.id, epoch })
    expect(await begin(somePollId(), 1)).toMatchObject({ end: STREAM_START, epoch: 0 })
  })

  test('the permission names no entry that somebody has taken out of the stream', async () => {
    const [pollId, partition] = [somePollId(), 6]
    await made.stream.raiseEpoch(partition, epoch)
    await door.open(partition, someDoor(pollId))
    for (let entry = 0; entry < 3; entry += 1) await ask(door, someCall({ pollId }), partition)
    const ids = (await readEntries(made.stream, partition)).map(({ id }) => id)
    await made.takeOut(partition, ids.slice(2))
    expect(await begin(somePollId(), partition)).toMatchObject({ end: ids[1], epoch })
    await made.takeOut(partition, ids)
    expect(await begin(somePollId(), partition)).toMatchObject({ end: STREAM_START, epoch })
  })

  test('permission is null when the door is there, open or shut', async () => {
    const pollId = somePollId()
    await door.open(0, someDoor(pollId))
    expect(await restoration.begin(0, pollId, 1)).toBeNull()
    await door.shut(0, pollId, 1, false)
    expect(await restoration.begin(0, pollId, 1)).toBeNull()
  })

  test.each<'open' | 'shut' | 'missing when it was shut'>(['open', 'shut', 'missing when it was shut'])(
    'a door of an earlier round counts as missing, one that is %s: the new one never knows its voters',
    async (old) => {
      const pollId = somePollId()
      const [one, two] = [someVoter(), someVoterAtDoor()]
      if (old !== 'missing when it was shut') {
        await door.open(0, someDoor(pollId))
        for (const voter of [one, two.voter]) await ask(door, someCall({ pollId, voter, selection: [2] }))
      }
      if (old !== 'open') await door.shut(0, pollId, 1, false)
      const begun = await begin(pollId, 0, 2)
      expect(await restoration.putVoters(begun, 2, [two])).toBe(true)
      expect(await restoration.finish(begun, someDoor(pollId, { round: 2 }), epoch)).toBe(true)

      expect(await door.look(0, pollId, 2, one)).toBeNull()
      expect(await door.look(0, pollId, 2, two.voter)).toEqual(two)
      const again = someCall({ pollId, round: 2, voter: one, selection: [2] })
      expect(await ask(door, again)).toMatchObject({ answer: 'accepted', isRepeated: false })
      expect(await ask(door, { ...again, selection: [1] })).toEqual({ answer: 'already_voted' })
      expect(await ask(door, someCall({ pollId }))).toEqual({ answer: 'definition_stale' })
    },
  )

  test('permission is null where the door is of a later round', async () => {
    const pollId = somePollId()
    await door.open(0, someDoor(pollId, { round: 3 }))
    expect(await restoration.begin(0, pollId, 2)).toBeNull()
    expect(await ask(door, someCall({ pollId, round: 3 }))).toMatchObject({ answer: 'accepted' })
  })

  test('the door of an earlier round that is shut meanwhile takes no voter from the new one', async () => {
    const pollId = somePollId()
    await door.open(0, someDoor(pollId))
    const known = someVoterAtDoor()
    const restoreOnce = async (meanwhile: () => Promise<void>): Promise<boolean> => {
      const begun = await begin(pollId, 0, 2)
      expect(await restoration.putVoters(begun, 2, [known])).toBe(true)
      await meanwhile()
      const isDone = await restoration.finish(begun, someDoor(pollId, { round: 2 }), epoch)
      if (!isDone) await restoration.abandon(begun)
      return isDone
    }
    // Whoever finds the permission gone begins again.
    if (!(await restoreOnce(async () => door.shut(0, pollId, 1, false)))) {
      expect(await restoreOnce(async () => {})).toBe(true)
    }
    expect(await door.look(0, pollId, 2, known.voter)).toEqual(known)
  })

  test('permission is null while somebody else restores the door, until it is given back', async () => {
    const pollId = somePollId()
    const begun = await begin(pollId)
    expect(await restoration.begin(0, pollId, 1)).toBeNull()
    await restoration.abandon(begun)
    const next = await begin(pollId)
    // Giving back what one no longer has takes nothing from the next.
    await restoration.abandon(begun)
    expect(await restoration.begin(0, pollId, 1)).toBeNull()
    expect(await restoration.finish(next, someDoor(pollId), epoch)).toBe(true)
  })

  test('of many who begin at the same time one may restore', async () => {
    const pollId = somePollId()
    const begun = await Promise.all(Array.from({ length: 10 }, () => restoration.begin(0, pollId, 1)))
    expect(begun.filter((one) => one !== null)).toHaveLength(1)
  })

  test('a permission that no longer counts writes nothing', async () => {
    const pollId = somePollId()
    const old = await begin(pollId)
    const left = someVoterAtDoor()
    await restoration.putVoters(old, 1, [left])
    await restoration.abandon(old)
    const next = await begin(pollId)
    const stray = someVoterAtDoor()
    expect(await restoration.putVoters(old, 1, [stray])).toBe(false)
    expect(await restoration.finish(old, someDoor(pollId), epoch)).toBe(false)
    expect(await restoration.finish(next, someDoor(pollId), epoch)).toBe(true)
    // Neither what the abandoned one left behind, nor what it tried to write afterwards.
    for (const { voter } of [left, stray]) expect(await door.look(0, pollId, 1, voter)).toBeNull()
  })

  test('a door that is there MUST NOT be touched: one that was opened meanwhile', async () => {
    const pollId = somePollId()
    const begun = await begin(pollId)
    const early = someVoterAtDoor()
    await restoration.putVoters(begun, 1, [early])
    await door.open(0, someDoor(pollId, { round: 2 }))
    const stray = someVoterAtDoor()
    expect(await restoration.putVoters(begun, 1, [stray])).toBe(false)
    expect(await restoration.finish(begun, someDoor(pollId), epoch)).toBe(false)
    for (const { voter } of [early, stray]) expect(await door.look(0, pollId, 2, voter)).toBeNull()
    await restoration.abandon(begun)
    expect(await ask(door, someCall({ pollId, round: 2 }))).toMatchObject({ answer: 'accepted' })
  })

  test('a door that is there MUST NOT be touched: one that was shut meanwhile', async () => {
    const pollId = somePollId()
    const begun = await begin(pollId)
    await door.shut(0, pollId, 1, false)
    expect(await restoration.putVoters(begun, 1, [someVoterAtDoor()])).toBe(false)
    expect(await restoration.finish(begun, someDoor(pollId), epoch)).toBe(false)
    expect(await ask(door, someCall({ pollId }))).toEqual({ answer: 'poll_closed' })
    expect(await readMarkers(made.stream, pollId)).toEqual([1])
  })

  test('voters of two rounds never stand at one door', async () => {
    const pollId = somePollId()
    const begun = await begin(pollId)
    expect(await restoration.putVoters(begun, 1, [someVoterAtDoor()])).toBe(true)
    expect(await restoration.putVoters(begun, 2, [someVoterAtDoor()])).toBe(false)
    expect(await restoration.finish(begun, someDoor(pollId, { round: 2 }), epoch)).toBe(false)
  })

  test('a removed poll takes the permission with it', async () => {
    const pollId = somePollId()
    const begun = await begin(pollId)
    await door.remove(0, pollId)
    expect(await restoration.finish(begun, someDoor(pollId), epoch)).toBe(false)
  })

  test('an epoch below that of the stream MUST be refused', async () => {
    const pollId = somePollId()
    const begun = await begin(pollId)
    expect(await restoration.finish(begun, someDoor(pollId), epoch - 1)).toBe(false)
    expect(await ask(door, someCall({ pollId }))).toEqual({ answer: 'door_missing' })
    expect(await restoration.finish(begun, someDoor(pollId), epoch)).toBe(true)
  })

  test('the epoch is taken over where the stream knows none', async () => {
    const pollId = somePollId()
    const begun = await begin(pollId, 2)
    expect(begun.epoch).toBe(0)
    expect(await restoration.finish(begun, someDoor(pollId), 8)).toBe(true)
    expect(await ask(door, someCall({ pollId }), 2)).toMatchObject({ answer: 'accepted' })
    expect((await readEntries(made.stream, 2)).map((entry) => entry.epoch)).toEqual([8])
    await made.stream.raiseEpoch(2, 7)
    expect(await ask(door, someCall({ pollId }), 2)).toMatchObject({ answer: 'accepted' })
  })

  test('a door of an earlier epoch is restored; what was shut in this round stays shut', async () => {
    const [openPollId, shutPollId] = [somePollId(), somePollId()]
    await made.stream.raiseEpoch(3, 1)
    const old = someVoter()
    for (const pollId of [openPollId, shutPollId]) await door.open(3, someDoor(pollId))
    await ask(door, someCall({ pollId: openPollId, voter: old }), 3)
    await door.shut(3, shutPollId, 1, false)
    await made.stream.raiseEpoch(3, 2)
    const known = someVoterAtDoor()
    for (const pollId of [openPollId, shutPollId]) {
      const begun = await begin(pollId, 3)
      expect(await restoration.putVoters(begun, 1, [known])).toBe(true)
      expect(await restoration.finish(begun, someDoor(pollId), 2)).toBe(true)
      expect(await door.look(3, pollId, 1, known.voter)).toEqual(known)
    }
    expect(await door.look(3, openPollId, 1, old)).toBeNull()
    expect(await ask(door, someCall({ pollId: openPollId }), 3)).toMatchObject({ answer: 'accepted' })
    expect(await ask(door, someCall({ pollId: shutPollId }), 3)).toEqual({ answer: 'poll_closed' })
  })
})
