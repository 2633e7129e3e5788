import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { compareEntryIds, type EntryId, STREAM_START } from '../../src/domain/position.ts'
import type { StreamEntry, VoteStream } from '../../src/ports/vote-stream.ts'
import { adapters, type Adapters } from '../support/adapters.ts'
import { ask, readEntries, someCall, someDoor, somePollId } from '../support/some-calls.ts'
import { waitUntil } from '../support/wait-until.ts'

const never = new AbortController().signal

describe.each(adapters)('the stream on $name', ({ create }) => {
  let made: Adapters
  let stream: VoteStream
  let partitions = 0
  beforeAll(async () => {
    made = await create()
    stream = made.stream
  })
  afterAll(() => made.stop())

  /** A partition that no other test uses, with an open poll. */
  const openPartition = async () => {
    const partition = (partitions += 1)
    const pollId = somePollId()
    await stream.raiseEpoch(partition, 1)
    await made.door.open(partition, someDoor(pollId))
    const append = async (count = 1): Promise<void> => {
      for (let n = 0; n < count; n += 1) await ask(made.door, someCall({ pollId }), partition)
    }
    return { partition, pollId, append }
  }
  const read = (partition: number, after: EntryId, entriesMax = 100, waitMs = 0): Promise<readonly StreamEntry[]> =>
    stream.read(partition, after, { entriesMax, waitMs }, never)
  const idsOf = (entries: readonly StreamEntry[]): readonly EntryId[] => entries.map(({ id }) => id)

  test('the entries after the given one are returned, oldest first, at most entriesMax', async () => {
    const { partition, append } = await openPartition()
    await append(5)
    const all = idsOf(await read(partition, STREAM_START))
    expect(all).toHaveLength(5)
    expect(all.toSorted(compareEntryIds)).toEqual(all)
    expect(idsOf(await read(partition, all[1] ?? STREAM_START, 2))).toEqual(all.slice(2, 4))
    expect(await read(partition, all[4] ?? STREAM_START)).toEqual([])
  })

  test('a peek returns the same at once, also while a read of the partition waits', async () => {
    const { partition, append } = await openPartition()
    await append(3)
    const all = await read(partition, STREAM_START)
    const [first, , last] = idsOf(all)
    const leaving = new AbortController()
    const waiting = stream.read(partition, last ?? STREAM_START, { entriesMax: 1, waitMs: 20_000 }, leaving.signal)
    expect(await stream.peek(partition, STREAM_START, 100)).toEqual(all)
    expect(await stream.peek(partition, first ?? STREAM_START, 1)).toEqual(all.slice(1, 2))
    expect(await stream.peek(partition, last ?? STREAM_START, 100)).toEqual([])
    leaving.abort()
    expect(await waiting).toEqual([])
  })

  test('votes and close markers come back as they were appended, with epoch and time', async () => {
    const { partition, pollId } = await openPartition()
    const call = someCall({ pollId, selection: [2, 5] })
    const before = await made.door.now()
    await ask(made.door, call, partition)
    await made.door.shut(partition, pollId, 1, false)
    const [votes, close] = await read(partition, STREAM_START)
    const { round, voter, kind, selection } = call
    expect(votes?.content).toEqual({ type: 'votes', votes: [{ pollId, round, voter, kind, selection }] })
    expect(close?.content).toEqual({ type: 'close', pollId, round: 1 })
    expect(votes?.epoch).toBe(1)
    expect(votes?.appendedAt).toBeGreaterThanOrEqual(before)
    expect(close?.appendedAt).toBeLessThanOrEqual(await made.door.now())
  })

  test('reading waits for the first entry and returns as soon as it is there', async () => {
    const { partition, append } = await openPartition()
    const startedAt = performance.now()
    const reading = read(partition, STREAM_START, 100, 10_000)
    await append()
    expect(await reading).toHaveLength(1)
    expect(performance.now() - startedAt).toBeLessThan(5_000)
  })

  test('reading waits up to waitMs, then returns an empty list', async () => {
    const { partition } = await openPartition()
    const startedAt = performance.now()
    expect(await read(partition, STREAM_START, 100, 100)).toEqual([])
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(95)
  })

  test('reading returns at once when the signal aborts, and the next read works', async () => {
    const { partition, append } = await openPartition()
    const controller = new AbortController()
    const startedAt = performance.now()
    const reading = stream.read(partition, STREAM_START, { entriesMax: 1, waitMs: 15_000 }, controller.signal)
    controller.abort()
    expect(await reading).toEqual([])
    expect(await stream.read(partition, STREAM_START, { entriesMax: 1, waitMs: 15_000 }, controller.signal)).toEqual([])
    expect(performance.now() - startedAt).toBeLessThan(10_000)
    await append()
    expect(await read(partition, STREAM_START, 1, 5_000)).toHaveLength(1)
  })

  test('every entry is returned exactly in the order of appending, and never one while an earlier one can still appear', async () => {
    const { partition, pollId } = await openPartition()
    const entriesEach = 25
    const writers = Array.from({ length: 8 }, async () => {
      for (let n = 0; n < entriesEach; n += 1) await ask(made.door, someCall({ pollId }), partition)
    })
    const seen: EntryId[] = []
    await waitUntil(
      async () => {
        seen.push(...idsOf(await read(partition, seen.at(-1) ?? STREAM_START, 7, 50)))
        return seen.length >= writers.length * entriesEach
      },
      { withinMs: 15_000 },
    )
    await Promise.all(writers)
    expect(seen).toEqual(idsOf(await readEntries(stream, partition)))
  })

  test('two partitions are read at the same time', async () => {
    const [one, other] = [await openPartition(), await openPartition()]
    const [waiting, found] = [
      read(one.partition, STREAM_START, 1, 10_000),
      read(other.partition, STREAM_START, 1, 10_000),
    ]
    await other.append()
    expect(await found).toHaveLength(1)
    await one.append()
    expect(await waiting).toHaveLength(1)
  })

  test('inspect tells the id of the last entry that was ever appended, 0-0 for an empty stream, and whether the entry is still there', async () => {
    const { partition, append } = await openPartition()
    expect(await stream.inspect(partition, STREAM_START)).toEqual({ end: STREAM_START, hasEntry: false })
    await append(3)
    const [first, second, third] = idsOf(await read(partition, STREAM_START)) as [EntryId, EntryId, EntryId] // three
    expect(await stream.inspect(partition, first)).toEqual({ end: third, hasEntry: true })
    await waitUntil(async () => {
      await stream.trim(partition, second, 0)
      return !(await stream.inspect(partition, first)).hasEntry
    })
    expect(await stream.inspect(partition, first)).toEqual({ end: third, hasEntry: false })
    expect(await stream.inspect(partition, second)).toEqual({ end: third, hasEntry: true })
  })

  test('missing names those of the entries, in their order, that are not there', async () => {
    const { partition, append } = await openPartition()
    expect(await stream.missing(partition, ['9-0', '7-0'])).toEqual(['9-0', '7-0'])
    await append(3)
    const [first, second, third] = idsOf(await read(partition, STREAM_START)) as [EntryId, EntryId, EntryId] // three
    expect(await stream.missing(partition, [])).toEqual([])
    expect(await stream.missing(partition, [third, first])).toEqual([])
    await waitUntil(async () => {
      await stream.trim(partition, third, 0)
      return !(await stream.inspect(partition, second)).hasEntry
    })
    const many = Array.from({ length: 500 }, (_, n): EntryId => `${n + 1_000_000}-0`)
    expect(await stream.missing(partition, [third, second, ...many, first])).toEqual([second, ...many, first])
  })

  test('trim removes entries that lie below the recorded one and are older, and no others', async () => {
    const { partition, append } = await openPartition()
    await append(4)
    const all = idsOf(await read(partition, STREAM_START))
    await stream.trim(partition, all[2] ?? STREAM_START, 3_600_000)
    expect(idsOf(await read(partition, STREAM_START))).toEqual(all)
    await stream.trim(partition, STREAM_START, 0)
    expect(idsOf(await read(partition, STREAM_START))).toEqual(all)
    await waitUntil(async () => {
      await stream.trim(partition, all[2] ?? STREAM_START, 0)
      return (await read(partition, STREAM_START)).length < 4
    })
    expect(idsOf(await read(partition, STREAM_START))).toEqual(all.slice(2))
  })

  test('the epoch is told, never a lower one; entries carry it, and the answer is the one that the partition has', async () => {
    const { partition, append } = await openPartition()
    await append()
    expect(await stream.raiseEpoch(partition, 5)).toBe(5)
    expect(await stream.raiseEpoch(partition, 4)).toBe(5)
    const pollId = somePollId()
    await made.door.open(partition, someDoor(pollId))
    await ask(made.door, someCall({ pollId }), partition)
    expect((await read(partition, STREAM_START)).map(({ epoch }) => epoch)).toEqual([1, 5])
  })

  test('backlog is the number of votes and the age of the oldest among the entries after the recorded one', async () => {
    const { partition, pollId, append } = await openPartition()
    expect(await stream.backlog(partition, STREAM_START)).toEqual({ votes: 0, oldestMs: 0, newerFormat: null })
    await append()
    const call = (): ReturnType<typeof someCall> => someCall({ pollId })
    await made.door.append(partition, [call(), call(), call()])
    const [first, second] = await read(partition, STREAM_START)
    expect(await stream.backlog(partition, STREAM_START)).toMatchObject({ votes: 4, newerFormat: null })
    await waitUntil(async () => (await stream.backlog(partition, first?.id ?? STREAM_START)).oldestMs >= 20)
    expect(await stream.backlog(partition, first?.id ?? STREAM_START)).toMatchObject({ votes: 3 })
    expect(await stream.backlog(partition, second?.id ?? STREAM_START)).toEqual({
      votes: 0,
      oldestMs: 0,
      newerFormat: null,
    })
  })

  test('follow does no harm: before the first entry, again, and backwards', async () => {
    const { partition, append } = await openPartition()
    await stream.follow(partition, STREAM_START)
    await append(2)
    const all = idsOf(await read(partition, STREAM_START))
    for (const id of [...all, ...all]) await stream.follow(partition, id)
    expect(idsOf(await read(partition, STREAM_START))).toEqual(all)
  })
})
