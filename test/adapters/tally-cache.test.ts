import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { TallyCache } from '../../src/ports/tally-cache.ts'
import { adapters, type Adapters } from '../support/adapters.ts'
import { somePoll } from '../support/some-poll.ts'
import { someTally } from '../support/some-tally.ts'
import { waitUntil } from '../support/wait-until.ts'

const hourMs = 3_600_000
const someId = (): string => randomBytes(8).toString('hex')

describe.each(adapters)('the tally cache on $name', ({ create }) => {
  let made: Adapters
  let cache: TallyCache
  beforeAll(async () => {
    made = await create()
    cache = made.cache
  })
  afterAll(() => made.stop())

  test('a tally is kept where none is kept', async () => {
    const tally = someTally({ pollId: someId() })
    await cache.putTally(tally)
    expect(await cache.getTally(tally.pollId)).toEqual(tally)
  })

  test('a tally is kept where one with a lower version is kept', async () => {
    const pollId = someId()
    await cache.putTally(someTally({ pollId, version: 9 }))
    await cache.putTally(someTally({ pollId, version: 10, counts: [7, 7, 7] }))
    expect(await cache.getTally(pollId)).toEqual(someTally({ pollId, version: 10, counts: [7, 7, 7] }))
  })

  test('a tally is not kept where one with the same or a higher version is kept', async () => {
    const pollId = someId()
    const kept = someTally({ pollId, version: 10 })
    await cache.putTally(kept)
    await cache.putTally(someTally({ pollId, version: 10, counts: [7, 7, 7] }))
    await cache.putTally(someTally({ pollId, version: 9, counts: [7, 7, 7] }))
    expect(await cache.getTally(pollId)).toEqual(kept)
  })

  test('of many tallies put at the same time the one with the highest version is kept', async () => {
    const pollId = someId()
    const versions = Array.from({ length: 40 }, (_, index) => ((index * 17) % 40) + 1)
    await Promise.all(versions.map((version) => cache.putTally(someTally({ pollId, version }))))
    expect((await cache.getTally(pollId))?.version).toBe(40)
  })

  test('a definition is kept with every field where none is kept', async () => {
    const poll = somePoll({
      question: 'Größe? 🎈\n"quoted" \\ \u2028',
      description: "it's",
      editedAt: 1_767_225_600_001,
      closesAt: null,
    })
    await cache.putPoll(poll)
    expect(await cache.getPoll(poll.id)).toEqual(poll)
  })

  test('a definition is kept where one with a lower revision is kept', async () => {
    const poll = somePoll({ revision: 9 })
    await cache.putPoll(poll)
    await cache.putPoll({ ...poll, revision: 10, status: 'closing' })
    expect(await cache.getPoll(poll.id)).toEqual({ ...poll, revision: 10, status: 'closing' })
  })

  test('a definition is not kept where one with the same or a higher revision is kept', async () => {
    const poll = somePoll({ revision: 10 })
    await cache.putPoll(poll)
    await cache.putPoll({ ...poll, question: 'same revision' })
    await cache.putPoll({ ...poll, revision: 9, question: 'lower revision' })
    expect(await cache.getPoll(poll.id)).toEqual(poll)
  })

  test('the largest definition is kept', async () => {
    const text = '🎈'.repeat(200)
    const options = Array.from({ length: 100 }, (_, position) => ({ id: position + 1, text, position }))
    const poll = somePoll({ options, question: '🎈'.repeat(500), description: '🎈'.repeat(5000) })
    await cache.putPoll(poll)
    expect(await cache.getPoll(poll.id)).toEqual(poll)
  })

  test('what is not kept is null', async () => {
    expect(await cache.getTally(someId())).toBeNull()
    expect(await cache.getPoll(someId())).toBeNull()
  })

  test('versions and revisions come as kept, in the order asked', async () => {
    const [both, tallyOnly, neither] = [somePoll({ revision: 4 }), someId(), someId()]
    const pollOnly = somePoll({ revision: 6 })
    await cache.putPoll(both)
    await cache.putTally(someTally({ pollId: both.id, version: 3_000_000_000 }))
    await cache.putTally(someTally({ pollId: tallyOnly, version: 5 }))
    await cache.putPoll(pollOnly)
    expect(await cache.versions([tallyOnly, neither, both.id, pollOnly.id, tallyOnly])).toEqual([
      { version: 5, revision: null },
      { version: null, revision: null },
      { version: 3_000_000_000, revision: 4 },
      { version: null, revision: 6 },
      { version: 5, revision: null },
    ])
    expect(await cache.versions([])).toEqual([])
  })

  test('definition and tally go after the time that was said', async () => {
    const poll = somePoll()
    await cache.putPoll(poll)
    await cache.putTally(someTally({ pollId: poll.id }))
    await cache.expire(poll.id, hourMs)
    expect(await cache.getPoll(poll.id)).toEqual(poll)
    expect(await cache.getTally(poll.id)).not.toBeNull()

    await cache.expire(poll.id, 1)
    await waitUntil(async () => (await cache.getPoll(poll.id)) === null && (await cache.getTally(poll.id)) === null)
    expect(await cache.versions([poll.id])).toEqual([{ version: null, revision: null }])
  })

  test('where one has gone, any version is kept again', async () => {
    const poll = somePoll({ revision: 5 })
    const tally = someTally({ pollId: poll.id, version: 5 })
    await cache.putPoll(poll)
    await cache.putTally(tally)
    await cache.expire(poll.id, 1)
    await waitUntil(async () => (await cache.getPoll(poll.id)) === null && (await cache.getTally(poll.id)) === null)
    await cache.putPoll({ ...poll, revision: 2 })
    await cache.putTally({ ...tally, version: 2 })
    expect(await cache.versions([poll.id])).toEqual([{ version: 2, revision: 2 }])
  })

  test('a poll that nobody knows lets nothing go', async () => {
    const tally = someTally({ pollId: someId() })
    await cache.putTally(tally)
    await cache.expire(someId(), 1)
    expect(await cache.getTally(tally.pollId)).toEqual(tally)
  })
})
