import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Tally } from '../../src/domain/tally.ts'
import type { PollChange, TallyFeed } from '../../src/ports/tally-feed.ts'
import { adapters, type Adapters } from '../support/adapters.ts'
import { someTally } from '../support/some-tally.ts'
import { waitUntil } from '../support/wait-until.ts'

const someId = (): string => randomBytes(8).toString('hex')

/** A listener that writes down what it hears. */
const createEar = (): {
  readonly tallies: Tally[]
  readonly changes: PollChange[]
  gaps: number
  readonly onTally: (tally: Tally) => void
  readonly onChange: (change: PollChange) => void
  readonly onGap: () => void
} => {
  const ear = {
    tallies: [] as Tally[],
    changes: [] as PollChange[],
    gaps: 0,
    onTally: (tally: Tally): void => void ear.tallies.push(tally),
    onChange: (change: PollChange): void => void ear.changes.push(change),
    onGap: (): void => {
      ear.gaps += 1
    },
  }
  return ear
}

describe.each(adapters)('the tally feed on $name', ({ create }) => {
  let made: Adapters
  let feed: TallyFeed
  beforeAll(async () => {
    made = await create()
    feed = made.feed
  })
  afterAll(() => made.stop())

  test('the listener is called with every tally of this poll that is published from now on', async () => {
    const pollId = someId()
    const ear = createEar()
    await feed.publishTally(someTally({ pollId, version: 1 }))
    const leave = await feed.subscribe(pollId, ear)
    const published = [2, 3, 4].map((version) => someTally({ pollId, version }))
    for (const tally of published) await feed.publishTally(tally)
    await feed.publishTally(someTally({ pollId: someId(), version: 5 }))
    await waitUntil(() => ear.tallies.length >= 3)
    expect(ear.tallies).toEqual(published)
    expect(ear.gaps).toBe(0)
    await leave()
  })

  test('until the returned function is called', async () => {
    const pollId = someId()
    const [leaver, stayer] = [createEar(), createEar()]
    const leave = await feed.subscribe(pollId, leaver)
    const stay = await feed.subscribe(pollId, stayer)
    await leave()
    await feed.publishTally(someTally({ pollId }))
    await waitUntil(() => stayer.tallies.length === 1)
    expect(leaver.tallies).toEqual([])
    await stay()
  })

  test('a trace reaches the listener beside the tally that it was published with, and the others have none', async () => {
    const pollId = someId()
    const heard: (readonly [Tally, string | undefined])[] = []
    const onTally = (tally: Tally, traceparent?: string): void => void heard.push([tally, traceparent])
    const leave = await feed.subscribe(pollId, { onTally, onGap: () => {} })
    const [followed, other] = [someTally({ pollId, version: 2 }), someTally({ pollId, version: 3 })]
    const traceparent = `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`
    await feed.publishTally(followed, traceparent)
    await feed.publishTally(other)
    await waitUntil(() => heard.length === 2)
    expect(heard).toEqual([
      [followed, traceparent],
      [other, undefined],
    ])
    await leave()
  })

  test('leaving twice takes nothing from the others', async () => {
    const pollId = someId()
    const stayer = createEar()
    const leave = await feed.subscribe(pollId, createEar())
    const stay = await feed.subscribe(pollId, stayer)
    await leave()
    await leave()
    await feed.publishTally(someTally({ pollId }))
    await waitUntil(() => stayer.tallies.length > 0)
    expect(stayer.tallies).toHaveLength(1)
    await stay()
  })

  test('one subscription is held per poll and process, whatever the number of listeners', async () => {
    const pollId = someId()
    const ears = Array.from({ length: 20 }, createEar)
    const leaves = await Promise.all(ears.map((ear) => feed.subscribe(pollId, ear)))
    expect(await made.countSubscriptions(pollId)).toBe(1)
    await feed.publishTally(someTally({ pollId }))
    await waitUntil(() => ears.every((ear) => ear.tallies.length === 1))

    for (const leave of leaves.slice(1)) await leave()
    expect(await made.countSubscriptions(pollId)).toBe(1)
    await leaves[0]?.()
    await waitUntil(async () => (await made.countSubscriptions(pollId)) === 0)
  })

  test('whoever subscribes while the last one leaves is heard', async () => {
    const pollId = someId()
    for (let turn = 0; turn < 20; turn += 1) {
      const leave = await feed.subscribe(pollId, createEar())
      const ear = createEar()
      const [stay] = await Promise.all([feed.subscribe(pollId, ear), leave()])
      await feed.publishTally(someTally({ pollId }))
      await waitUntil(() => ear.tallies.length > 0)
      expect(ear.tallies).toHaveLength(1)
      await Promise.all([stay(), (await feed.subscribe(pollId, createEar()))()])
    }
  })

  test('a subscription is taken up again after a lost connection, and onGap is then called', async () => {
    const pollId = someId()
    const [first, second, changes] = [createEar(), createEar(), createEar()]
    const leaves = [await feed.subscribe(pollId, first), await feed.subscribe(pollId, second)]
    leaves.push(await feed.subscribePollChanges(changes))
    await feed.publishTally(someTally({ pollId, version: 1 }))
    await waitUntil(() => first.tallies.length === 1)

    await made.cutFeed()
    await waitUntil(() => [first, second, changes].every((ear) => ear.gaps > 0))
    await feed.publishTally(someTally({ pollId, version: 2 }))
    await feed.publishPollChange({ pollId, revision: 7 })
    await waitUntil(() => first.tallies.length === 2 && second.tallies.length === 2 && changes.changes.length === 1)
    expect(first.tallies[1]?.version).toBe(2)
    for (const leave of leaves) await leave()
  })

  test('who left before the connection was lost is not called again', async () => {
    const pollId = someId()
    const [leaver, stayer] = [createEar(), createEar()]
    const leave = await feed.subscribe(pollId, leaver)
    const stay = await feed.subscribe(someId(), stayer)
    await leave()
    await made.cutFeed()
    await waitUntil(() => stayer.gaps > 0)
    expect(leaver.gaps).toBe(0)
    expect(await made.countSubscriptions(pollId)).toBe(0)
    await stay()
  })

  test('the same for changes of any poll', async () => {
    const [ear, other] = [createEar(), createEar()]
    const leave = await feed.subscribePollChanges(ear)
    const leaveOther = await feed.subscribePollChanges(other)
    const changes = [1, 2, 3].map((revision) => ({ pollId: someId(), revision }))
    for (const change of changes) await feed.publishPollChange(change)
    await waitUntil(() => ear.changes.length === 3 && other.changes.length === 3)
    expect(ear.changes).toEqual(changes)
    await leave()
    await feed.publishPollChange({ pollId: someId(), revision: 4 })
    await waitUntil(() => other.changes.length === 4)
    expect(ear.changes).toHaveLength(3)
    await leaveOther()
  })

  test('the largest tally arrives whole', async () => {
    const pollId = randomBytes(60).toString('hex')
    const ear = createEar()
    const leave = await feed.subscribe(pollId, ear)
    const tally = someTally({
      pollId,
      round: 2 ** 31 - 1,
      version: Number.MAX_SAFE_INTEGER,
      revision: 2 ** 31 - 1,
      status: 'scheduled',
      optionIds: Array.from({ length: 100 }, (_, index) => 32_667 + index + 1),
      counts: Array.from({ length: 100 }, () => Number.MAX_SAFE_INTEGER),
      totalVotes: Number.MAX_SAFE_INTEGER,
      asOf: Date.UTC(9999, 11, 31),
    })
    await feed.publishTally(tally)
    await waitUntil(() => ear.tallies.length === 1)
    expect(ear.tallies).toEqual([tally])
    await leave()
  })

  test('polls whose ids begin alike do not hear each other', async () => {
    const beginning = 'x'.repeat(80)
    const [one, other] = [createEar(), createEar()]
    const leaves = [await feed.subscribe(`${beginning}1`, one), await feed.subscribe(`${beginning}2`, other)]
    await feed.publishTally(someTally({ pollId: `${beginning}1` }))
    await feed.publishTally(someTally({ pollId: `${beginning}2` }))
    await waitUntil(() => one.tallies.length > 0 && other.tallies.length > 0)
    expect(one.tallies).toEqual([someTally({ pollId: `${beginning}1` })])
    expect(other.tallies).toEqual([someTally({ pollId: `${beginning}2` })])
    for (const leave of leaves) await leave()
  })
})
