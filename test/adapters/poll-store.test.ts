import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createPollStore } from '../../src/adapters/postgres/poll-store.ts'
import { createTallies } from '../../src/adapters/postgres/tallies.ts'
import type { Poll } from '../../src/domain/poll.ts'
import type { PollStore } from '../../src/ports/poll-store.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { somePoll } from '../support/some-poll.ts'

let database: TestDatabase
let store: PollStore

beforeAll(async () => {
  database = await createTestDatabase()
  store = createPollStore(database.pool)
})
afterAll(() => database.drop())
beforeEach(() => database.pool.query('truncate poll cascade'))

const idsOf = (polls: readonly Poll[]): readonly string[] => polls.map((poll) => poll.id)
const create = async (said: Partial<Poll> = {}): Promise<Poll> => {
  const poll = somePoll(said)
  expect(await store.create(poll)).toBe(true)
  return poll
}

describe('create and find', () => {
  test('a new poll is kept with every field', async () => {
    const everything = somePoll({
      question: 'Größe? 🎈',
      description: "It's\na test; --",
      type: 'multiple',
      minChoices: 2,
      maxChoices: 3,
      status: 'closed',
      opensAt: 1_700_000_000_001,
      closesAt: 1_700_000_000_002,
      openedAt: 1_700_000_000_003,
      closedAt: 1_700_000_000_004,
      editedAt: 1_700_000_000_005,
      createdAt: 1_700_000_000_999,
      resultsVisibility: 'after_close',
      voterVisibility: 'organizer',
      voterIdentity: 'none',
      allowVoteChange: false,
      partitions: 4,
      round: 3,
      revision: 17,
      joinCode: '7KMX4R',
    })
    const nothing = somePoll({ opensAt: null, closesAt: null, openedAt: null, closedAt: null, editedAt: null })
    for (const poll of [everything, nothing]) {
      expect(await store.create(poll)).toBe(true)
      expect(await store.find(poll.id)).toEqual(poll)
    }
  })

  test('false where the id is taken, and the poll that has it stays as it is', async () => {
    const poll = await create()
    const other = somePoll({ id: poll.id, question: 'Another?', options: [{ id: 3, text: 'Other', position: 0 }] })
    expect(await store.create(other)).toBe(false)
    expect(await store.find(poll.id)).toEqual(poll)
  })

  test('false where the join code is taken by a poll that is not deleted: of many who ask at once, exactly one gets it', async () => {
    const joinCode = '7KMX4R'
    const polls = Array.from({ length: 20 }, () => somePoll({ joinCode }))
    const created = await Promise.all(polls.map((poll) => store.create(poll)))
    expect(created.filter(Boolean)).toHaveLength(1)
    const winner = polls[created.indexOf(true)]
    expect(await store.findByJoinCode(joinCode)).toBe(winner?.id)
    const closed = { ...somePoll(winner), status: 'closed', revision: 2 } as const
    expect(await store.save(closed, 1)).toBe(true)
    expect(await store.create(somePoll({ joinCode }))).toBe(false)
    // A deleted poll gives its code back.
    expect(await store.save({ ...closed, status: 'deleted', revision: 3 }, 2)).toBe(true)
    expect(await store.findByJoinCode(joinCode)).toBeNull()
    const next = await create({ joinCode })
    expect(await store.findByJoinCode(joinCode)).toBe(next.id)
    expect(await store.find(closed.id)).toMatchObject({ status: 'deleted', joinCode })
  })

  test('any number of polls have no join code, and none is found by one that nobody has', async () => {
    await create()
    await create()
    expect(await store.findByJoinCode('7KMX4R')).toBeNull()
  })

  test('tombstones are found, unknown ids are null', async () => {
    const poll = await create({ status: 'deleted' })
    expect(await store.find(poll.id)).toEqual(poll)
    expect(await store.find('unknown')).toBeNull()
  })

  test('an option whose id the next option would get is a fault', async () => {
    await expect(store.create(somePoll({ nextOptionId: 3 }))).rejects.toThrow(RangeError)
  })
})

describe('save', () => {
  test('keeps a changed definition: options renamed, moved, removed and added', async () => {
    const poll = await create()
    const changed = somePoll({
      id: poll.id,
      question: 'And now?',
      status: 'draft',
      closesAt: null,
      round: 2,
      revision: 2,
      nextOptionId: 5,
      options: [
        { id: 4, text: 'Water', position: 0 },
        { id: 2, text: 'Black coffee', position: 1 },
        { id: 1, text: 'Tea', position: 2 },
      ],
    })
    expect(await store.save(changed, 1)).toBe(true)
    expect(await store.find(poll.id)).toEqual(changed)
  })

  test('changes nothing and returns false where the stored revision is not the known one', async () => {
    const poll = await create({ revision: 5 })
    const changed = { ...poll, question: 'And now?', options: poll.options.slice(1), revision: 9 }
    for (const known of [4, 6]) expect(await store.save(changed, known)).toBe(false)
    expect(await store.save({ ...changed, id: 'unknown' }, 5)).toBe(false)
    expect(await store.find(poll.id)).toEqual(poll)
  })

  test('a revision that is not higher than the known one is a fault', async () => {
    const poll = await create({ revision: 5 })
    await expect(store.save(poll, 5)).rejects.toThrow(RangeError)
  })

  test('of many who save upon the same revision at once, exactly one does', async () => {
    const poll = await create()
    const drafts = Array.from({ length: 12 }, (_, index) => ({
      ...poll,
      revision: 2 + index,
      question: `Draft ${index}?`,
      options: poll.options.map((option) => ({ ...option, text: `${option.text} ${index}` })),
    }))
    const answers = await Promise.all(drafts.map((draft) => store.save(draft, 1)))
    expect(answers.filter(Boolean)).toHaveLength(1)
    expect(await store.find(poll.id)).toEqual(drafts[answers.indexOf(true)])
  })
})

describe('list', () => {
  test('newest first, tombstones left out, in pages that miss none and repeat none', async () => {
    const times = [5, 3, 3, 3, 1, 1, 4].map((second) => 1_700_000_000_000 + second * 1000)
    for (const createdAt of times) await create({ createdAt })
    await create({ status: 'deleted' })
    const listed: Poll[] = []
    let cursor: string | null = null
    do {
      const page: Awaited<ReturnType<PollStore['list']>> = await store.list(cursor, 2, null)
      if (page === null) throw new Error('the cursor came from the page before')
      expect(page.polls.length).toBeLessThanOrEqual(2)
      listed.push(...page.polls)
      cursor = page.nextCursor
    } while (cursor !== null)
    expect(listed.map((poll) => poll.createdAt)).toEqual(times.toSorted((a, b) => b - a))
    expect(new Set(idsOf(listed)).size).toBe(times.length)
    expect(await store.find(listed[0]?.id ?? '')).toEqual(listed[0])
  })

  test('the last page has no next cursor, also when it is full', async () => {
    await create()
    await create()
    expect((await store.list(null, 2, null))?.nextCursor).toBeNull()
    expect((await store.list(null, 3, null))?.nextCursor).toBeNull()
  })

  test('of one key: those that it created, in pages, and nobody else’s; an edit leaves them to it', async () => {
    const own = []
    for (let n = 0; n < 3; n += 1) {
      own.push(await create({ createdByKey: '0123456789' }))
      await create({ createdByKey: n === 0 ? null : '9876543210' })
    }
    for (const poll of own) await store.save({ ...poll, revision: 2, question: 'Edited?' }, 1)
    const first = await store.list(null, 2, '0123456789')
    const rest = await store.list(first?.nextCursor ?? null, 2, '0123456789')
    const listed = [...(first?.polls ?? []), ...(rest?.polls ?? [])]
    expect(idsOf(listed).toSorted()).toEqual(idsOf(own).toSorted())
    expect(listed.map(({ createdByKey, question }) => `${createdByKey} ${question}`)).toEqual(
      Array(3).fill('0123456789 Edited?'),
    )
    expect((await store.list(null, 10, 'ffffffffff'))?.polls).toEqual([])
  })

  test('nothing comes after a cursor that no page returned', async () => {
    await create()
    for (const cursor of [
      '',
      'nonsense',
      Buffer.from('0').toString('base64url'),
      Buffer.from('999999999999999 \0').toString('base64url'),
    ]) {
      expect(await store.list(cursor, 2, null)).toBeNull()
    }
  })
})

describe('what time and news are waiting for', () => {
  const now = 1_700_000_000_000

  test('due are scheduled ones, open ones past closesAt, closing ones; most overdue first', async () => {
    const open = await create({ status: 'open', closesAt: now - 2000 })
    const scheduled = await create({ status: 'scheduled', opensAt: now - 3000 })
    const onTheDot = await create({ status: 'scheduled', opensAt: now })
    const closing = await create({ status: 'closing', closesAt: now + 5000 })
    await create({ status: 'open', closesAt: now + 1 })
    await create({ status: 'open', closesAt: null })
    await create({ status: 'scheduled', opensAt: now + 1 })
    await create({ status: 'draft', opensAt: now - 1, closesAt: now - 1 })
    await create({ status: 'closed', opensAt: now - 1, closesAt: now - 1 })
    await create({ status: 'deleted', opensAt: now - 1, closesAt: now - 1 })
    const due = await store.listDue(now, 100)
    expect(idsOf(due)).toEqual(idsOf([scheduled, open, onTheDot, closing]))
    expect(due[0]).toEqual(scheduled)
    // Those that wait for their markers never keep the others waiting.
    expect(idsOf(await store.listDue(now, 2))).toEqual(idsOf([scheduled, open, closing]))
  })

  test('the most partitions that any poll has are known, whoever made it', async () => {
    await create({ partitions: 3 })
    expect(await store.partitionsMax()).toBe(3)
    await create({ partitions: 7, status: 'closed' })
    expect(await store.partitionsMax()).toBe(7)
  })

  test('a poll is unannounced until its latest revision was marked as announced', async () => {
    const poll = await create({ revision: 3 })
    expect(await store.listUnannounced(10)).toEqual([poll])
    await store.markAnnounced(poll.id, 2)
    expect(await store.listUnannounced(10)).toEqual([poll])
    await store.markAnnounced(poll.id, 3)
    expect(await store.listUnannounced(10)).toEqual([])
    await store.save({ ...poll, revision: 4 }, 3)
    expect(await store.listUnannounced(10)).toHaveLength(1)
  })

  test('an older revision that is marked late takes nothing back', async () => {
    const poll = await create({ revision: 3 })
    await store.markAnnounced(poll.id, 3)
    await store.markAnnounced(poll.id, 2)
    expect(await store.listUnannounced(10)).toEqual([])
  })

  test('at most pollsMax, whatever changed longest ago first', async () => {
    const [first, second, third] = [await create(), await create(), await create()]
    // It is kept by the millisecond, and they may have been made in one.
    for (const [at, { id }] of [first, second, third].entries()) {
      await database.pool.query("update poll set changed_at = changed_at - $2 * interval '1 s' where id = $1", [
        id,
        3 - at,
      ])
    }
    await store.save({ ...first, revision: 2 }, 1)
    expect(idsOf(await store.listUnannounced(2))).toEqual(idsOf([second, third]))
  })

  test('becoming final is a revision that is announced too', async () => {
    const poll = await create({ status: 'closing', partitions: 1 })
    await store.markAnnounced(poll.id, poll.revision)
    await database.pool.query(
      `insert into tally (poll_id, round, partition, counts, total_votes, version, closed_position, recorded_at)
       values ($1, 1, 0, '{}', 0, 0, '\\x00', now())`,
      [poll.id],
    )
    expect(await createTallies(database.pool).finalise(poll.id)).toBe(true)
    expect(idsOf(await store.listUnannounced(10))).toEqual([poll.id])
  })
})
