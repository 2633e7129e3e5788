import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ManagePolls } from '../../src/application/manage-polls.ts'
import type { ManagedPoll } from '../../src/application/manage-polls/view-poll.ts'
import { createPollDoors } from '../../src/application/manage-polls/poll-doors.ts'
import { createRemoveOldDoors } from '../../src/application/manage-polls/remove-old-doors.ts'
import { beginClosing } from '../../src/domain/poll-life.ts'
import type { Poll } from '../../src/domain/poll.ts'
import { isRefused } from '../../src/domain/refusal.ts'
import {
  type AdminSide,
  createPoll,
  granted,
  operator,
  type OwnPoll,
  pollOf,
  someVoterAt,
  startAdminSide,
  stranger,
  voteAt,
  voteEverywhere,
} from '../support/admin-side.ts'
import { waitUntil } from '../support/wait-until.ts'

const noLimit = new AbortController().signal
const everywhere = (answer: string): readonly string[] => [answer, answer, answer, answer]

describe.each(['postgres', 'redis'] as const)('managing polls on %s', (kind) => {
  let side: AdminSide
  let polls: ManagePolls
  let others: ManagePolls

  beforeAll(async () => {
    side = await startAdminSide(kind)
    polls = side.createSteps().managePolls
    others = side.createSteps().managePolls
  })
  afterAll(async () => side.stop())

  const stored = async (pollId: string): Promise<Poll> => {
    const poll = await side.adapters.polls.find(pollId)
    if (poll === null) throw new Error(`no poll ${pollId}`)
    return poll
  }
  /** Asks until it is closed: an answer may come before the last marker is recorded. */
  const close = async ({ poll, organiser }: OwnPoll, by = polls): Promise<ManagedPoll> => {
    let ended = granted(await by.close(organiser, poll.id, noLimit))
    await waitUntil(async () => {
      if (ended.poll.status === 'closing') ended = granted(await by.close(organiser, poll.id, noLimit))
      return ended.poll.status === 'closed'
    })
    return ended
  }
  const runSchedules = async (
    count: number,
    until: () => Promise<boolean>,
    change?: Parameters<AdminSide['createSteps']>[0],
  ): Promise<void> => {
    const stop = new AbortController()
    const running = Array.from({ length: count }, async () => side.createSteps(change).schedule.run(stop.signal))
    try {
      await waitUntil(until, { withinMs: 20_000 })
    } finally {
      stop.abort()
      await Promise.all(running)
    }
  }

  test('a new poll opens its doors at once, and caches and sweep know it', async () => {
    const { poll } = await createPoll(polls)
    expect(await voteEverywhere(side.adapters.door, poll)).toEqual(everywhere('accepted'))
    expect(await side.adapters.cache.getPoll(poll.id)).toEqual(poll)
    const unannounced = await side.adapters.polls.listUnannounced(100)
    expect(unannounced.map(({ id }) => id)).not.toContain(poll.id)
  })

  test('a join code that another poll has is drawn anew, a few times; nothing is made of a poll that gets none', async () => {
    const { poll: other } = await createPoll(polls)
    const { polls: store } = side.adapters
    /** Draws the other poll's code so many times. */
    const unlucky = (times: number): ManagePolls => {
      let left = times
      const create: typeof store.create = async (poll, note) =>
        store.create((left -= 1) >= 0 ? { ...poll, joinCode: other.joinCode } : poll, note)
      return side.createSteps(() => ({ polls: { ...store, create } })).managePolls
    }
    const { poll } = await createPoll(unlucky(7))
    expect(poll.joinCode).toMatch(/^[2-9CDFGHJKMNPQRTVWX]{6}$/)
    expect(poll.joinCode).not.toBe(other.joinCode)
    const countPolls = async () => (await side.database.pool.query('select from poll')).rowCount
    const before = await countPolls()
    await expect(createPoll(unlucky(8))).rejects.toThrow('8 random ids and join codes in a row are taken')
    expect(await countPolls()).toBe(before)
  })

  test('a draft lets nobody vote until it is opened', async () => {
    const { poll, organiser } = await createPoll(polls, { draft: true })
    expect(await voteEverywhere(side.adapters.door, poll)).toEqual(everywhere('door_missing'))
    const opened = pollOf(await polls.open(organiser, poll.id))
    expect(opened).toMatchObject({ status: 'open', revision: 2 })
    expect(await voteEverywhere(side.adapters.door, opened)).toEqual(everywhere('accepted'))
  })

  test('two admins open one poll: it opens once', async () => {
    const { poll, organiser } = await createPoll(polls, { draft: true })
    const [one, two] = await Promise.all([polls.open(organiser, poll.id), others.open(organiser, poll.id)])
    expect(pollOf(one)).toMatchObject({ status: 'open', revision: 2 })
    expect(pollOf(two)).toEqual(pollOf(one))
  })

  test('two admins close one poll with votes in flight: both answer closed, and every accepted vote is in the final tally', async () => {
    const own = await createPoll(polls)
    const { poll, organiser } = own
    let hasClosed = false
    const votes = Array.from({ length: 8 }, async (_, lane) => {
      const answers = { accepted: 0, afterClose: 0 }
      for (let refused = 0; refused < 3;) {
        const wasClosed = hasClosed
        const answer = await voteAt(side.adapters.door, poll, someVoterAt(poll, lane % 4))
        if (answer === 'accepted') answers.accepted += 1
        if (answer === 'accepted' && wasClosed) answers.afterClose += 1
        if (answer !== 'accepted') refused += 1
      }
      return answers
    })
    await waitUntil(async () => ((await side.adapters.tallies.read([poll.id]))[0]?.totalVotes ?? 0) > 20)
    const ended = await Promise.all([close(own), close(own, others)])
    hasClosed = true
    const answers = await Promise.all(votes)

    const accepted = answers.reduce((sum, lane) => sum + lane.accepted, 0)
    expect(answers.map((lane) => lane.afterClose)).toEqual(Array.from({ length: 8 }, () => 0))
    for (const { tally } of ended) expect(tally).toMatchObject({ totalVotes: accepted, resultsFinal: true })
    expect(granted(await polls.recount(organiser, poll.id))).toMatchObject({ totalVotes: accepted, differences: [] })
    expect(await voteEverywhere(side.adapters.door, poll)).not.toContain('accepted')
  })

  test('closing again answers the closed poll, opening it is refused', async () => {
    const own = await createPoll(polls)
    const { poll, organiser } = own
    const { poll: closed } = await close(own)
    expect(pollOf(await polls.close(organiser, poll.id, noLimit))).toEqual(closed)
    expect(closed.closedAt).toBeGreaterThan(0)
    expect(await polls.open(organiser, poll.id)).toMatchObject({ refused: 'poll_final' })
  })

  test('an edit of an open poll reaches its doors: who checked against the old definition must look again', async () => {
    const { poll, organiser } = await createPoll(polls)
    const edited = pollOf(await polls.update(organiser, poll.id, { question: 'Dinner?' }, noLimit))
    expect(await voteEverywhere(side.adapters.door, poll)).toEqual(everywhere('definition_stale'))
    expect(await voteEverywhere(side.adapters.door, edited)).toEqual(everywhere('accepted'))
  })

  test('edits that meet do not overwrite each other', async () => {
    const { poll, organiser } = await createPoll(polls, { draft: true })
    const patches = [
      { question: 'Dinner?' },
      { description: 'Today' },
      { allowVoteChange: true },
      { voterIdentity: 'none' },
    ] as const
    await Promise.all(
      patches.map(async (patch, i) => (i % 2 ? polls : others).update(organiser, poll.id, patch, noLimit)),
    )
    expect(await stored(poll.id)).toMatchObject({ ...Object.assign({}, ...patches), revision: 5 })
  })

  test('closes_at that passes while it is being moved ends the poll', async () => {
    const { door } = side.adapters
    const { poll, organiser } = await createPoll(polls, { closesAt: (await door.now()) + 3_000 })
    const slow = side.createSteps(() => ({
      door: {
        ...door,
        async revise(...given) {
          await waitUntil(async () => (await door.now()) >= (poll.closesAt ?? 0))
          // The first vote after the time shuts the door before the edit reaches it.
          await voteAt(door, poll, someVoterAt(poll, given[0]))
          return door.revise(...given)
        },
      },
    })).managePolls
    const later = { closesAt: (await door.now()) + 3_600_000 }
    expect(await slow.update(organiser, poll.id, later, noLimit)).toMatchObject({ refused: 'poll_closed' })
    await waitUntil(async () => (await stored(poll.id)).status === 'closed')
  })

  /** closes_at is moved, but the door of partition 2 hears nothing of it and has shut at the old time. */
  const moveTooLate = async () => {
    const { door } = side.adapters
    const own = await createPoll(polls, { closesAt: (await door.now()) + 3_000 })
    const failing = side.createSteps(() => ({
      door: {
        ...door,
        async revise(...given) {
          if (given[0] === 2) throw new Error('this partition is away')
          return door.revise(...given)
        },
      },
    })).managePolls
    const later = { closesAt: (await door.now()) + 3_600_000 }
    const moved = pollOf(await failing.update(own.organiser, own.poll.id, later, noLimit))
    expect(moved).toMatchObject({ status: 'open', ...later })
    await waitUntil(async () => (await door.now()) >= (own.poll.closesAt ?? 0))
    expect(await voteEverywhere(door, moved)).toEqual(['accepted', 'accepted', 'poll_closed', 'accepted'])
    return own
  }

  test('closes_at that one door did not hear of in time ends the poll by the sweep; the votes so far count', async () => {
    const { poll } = await moveTooLate()
    await runSchedules(2, async () => (await stored(poll.id)).status === 'closed')
    expect(await voteEverywhere(side.adapters.door, poll)).not.toContain('accepted')
    await waitUntil(async () => (await side.adapters.cache.getPoll(poll.id))?.status === 'closed')
    expect(granted(await polls.get(stranger, poll.id)).tally).toMatchObject({ totalVotes: 3, resultsFinal: true })
  })

  test('an edit that finds a door of the open poll shut ends the poll, and says so', async () => {
    const { poll, organiser } = await moveTooLate()
    const closesAt = (await side.adapters.door.now()) + 7_200_000
    const answer = await others.update(organiser, poll.id, { closesAt }, noLimit)
    // Or the worker, which recorded the shut door's marker meanwhile, has ended the poll before.
    expect(['poll_closed', 'poll_final']).toContain(isRefused(answer) ? answer.refused : 'granted')
    await runSchedules(1, async () => (await stored(poll.id)).status === 'closed')
    expect(await voteEverywhere(side.adapters.door, poll)).not.toContain('accepted')
  })

  test('an edit that comes too late for its round leaves the next one open', async () => {
    const { door } = side.adapters
    const { poll, organiser } = await createPoll(polls)
    const slow = side.createSteps(() => ({
      door: {
        ...door,
        async revise(...given) {
          if (given[0] !== 0) return door.revise(...given)
          granted(await others.reset(organiser, poll.id))
          const found = await door.revise(...given)
          granted(await others.open(organiser, poll.id))
          return found
        },
      },
    })).managePolls
    expect(await slow.update(organiser, poll.id, { question: 'Dinner?' }, noLimit)).toMatchObject({
      refused: 'poll_closed',
    })
    expect(await stored(poll.id)).toMatchObject({ status: 'open', round: 2 })
    expect(await voteEverywhere(door, await stored(poll.id))).toEqual(everywhere('accepted'))
  })

  test('a reset begins an empty round: votes of the old one are refused, its voters may vote again', async () => {
    const { poll, organiser } = await createPoll(polls)
    const voter = someVoterAt(poll)
    expect(await voteAt(side.adapters.door, poll, voter)).toBe('accepted')
    const draft = pollOf(await polls.reset(organiser, poll.id))
    expect(draft).toMatchObject({ status: 'draft', round: 2, openedAt: null })
    expect(await voteEverywhere(side.adapters.door, poll)).not.toContain('accepted')

    const opened = granted(await polls.open(organiser, poll.id))
    expect(opened.tally).toMatchObject({ round: 2, totalVotes: 0 })
    expect(await voteEverywhere(side.adapters.door, poll)).toEqual(everywhere('definition_stale'))
    expect(await voteAt(side.adapters.door, opened.poll, voter)).toBe('accepted')
    await waitUntil(async () => granted(await polls.get(stranger, poll.id)).tally?.totalVotes === 1)
  })

  test('a deleted poll is unknown to everybody, and its doors are gone', async () => {
    const { poll, organiser } = await createPoll(polls)
    expect(pollOf(await polls.remove(organiser, poll.id)).status).toBe('deleted')
    expect(await voteEverywhere(side.adapters.door, poll)).toEqual(everywhere('door_missing'))
    expect(await side.adapters.cache.getPoll(poll.id)).toMatchObject({ status: 'deleted' })
    for (const answer of [
      await polls.get(organiser, poll.id),
      await polls.remove(organiser, poll.id),
      await polls.open(organiser, poll.id),
      await polls.update(organiser, poll.id, { question: 'x' }, noLimit),
      await polls.recount(organiser, poll.id),
    ]) {
      expect(answer).toMatchObject({ refused: 'poll_not_found' })
    }
  })

  test('only the manage token of the poll, or the admin token, may change it', async () => {
    const { poll, organiser } = await createPoll(polls, { draft: true })
    const { organiser: another } = await createPoll(polls, { draft: true })
    const openAs = async (bearer: string | null) => polls.open({ bearer, requestId: 'x', address: null }, poll.id)
    expect(await openAs(null)).toMatchObject({ refused: 'unauthenticated' })
    expect(await openAs('whatever')).toMatchObject({ refused: 'token_invalid' })
    expect(await openAs(another.bearer)).toMatchObject({ refused: 'forbidden' })
    expect(await polls.open(organiser, 'unknown')).toMatchObject({ refused: 'poll_not_found' })
    expect(pollOf(await polls.open(operator, poll.id)).status).toBe('open')
  })

  test('the list needs the admin token and shows the newest first, page by page', async () => {
    const { organiser, poll: older } = await createPoll(polls)
    const { poll: newer } = await createPoll(polls)
    expect(await polls.list(organiser, null, 1)).toMatchObject({ refused: 'forbidden' })
    expect(await polls.list(stranger, null, 1)).toMatchObject({ refused: 'unauthenticated' })
    const first = granted(await polls.list(operator, null, 1))
    const second = granted(await polls.list(operator, first.nextCursor, 1))
    expect([...first.polls, ...second.polls].map(({ poll }) => poll.id)).toEqual([newer.id, older.id])
  })

  test('hidden results are shown to the organiser alone', async () => {
    const { poll, organiser } = await createPoll(polls, { resultsVisibility: 'never' })
    expect(granted(await polls.get(stranger, poll.id)).tally).toBeNull()
    expect(granted(await polls.get(organiser, poll.id)).tally).toMatchObject({ totalVotes: 0 })
  })

  test('opens_at and closes_at take effect by themselves, whatever the number of admins', async () => {
    const now = await side.adapters.door.now()
    const { poll } = await createPoll(polls, { opensAt: now + 3_000, closesAt: now + 6_000 })
    expect(poll.status).toBe('scheduled')
    const seen: Poll[] = []
    await runSchedules(3, async () => {
      seen.push(await stored(poll.id))
      return seen.at(-1)?.status === 'closed'
    })
    const closed = await stored(poll.id)
    expect(seen.map(({ status }) => status)).toContain('open')
    expect(closed.openedAt! - poll.opensAt!).toBeLessThan(3_000) // both are set by now
    expect(closed.closedAt! - poll.closesAt!).toBeLessThan(3_000)
    expect(closed.revision).toBe(4)
  })

  test('a poll whose whole time passed while nobody served ends without votes', async () => {
    const now = await side.adapters.door.now()
    const { poll } = await createPoll(polls, { opensAt: now + 2_990, closesAt: now + 3_000 })
    await waitUntil(async () => (await side.adapters.door.now()) > now + 3_000)
    await runSchedules(1, async () => (await stored(poll.id)).status === 'closed')
    expect(granted(await polls.get(stranger, poll.id)).tally).toMatchObject({ totalVotes: 0, resultsFinal: true })
  })

  test('a close whose admin died after saving it is brought to its end by the sweep', async () => {
    const { poll } = await createPoll(polls)
    expect(await voteEverywhere(side.adapters.door, poll)).toEqual(everywhere('accepted'))
    expect(await side.adapters.polls.save(granted(beginClosing(poll)), poll.revision)).toBe(true)
    await runSchedules(2, async () => (await stored(poll.id)).status === 'closed')
    await waitUntil(async () => (await side.adapters.cache.getPoll(poll.id))?.status === 'closed')
    expect(granted(await polls.get(stranger, poll.id)).tally).toMatchObject({ totalVotes: 4, resultsFinal: true })
  })

  test('an edit whose admin died after saving it reaches doors, caches and listeners by the sweep', async () => {
    const { poll } = await createPoll(polls)
    const heard: number[] = []
    const leave = await side.adapters.feed.subscribePollChanges({
      onChange: ({ pollId, revision }) => void (pollId === poll.id && heard.push(revision)),
      onGap: () => undefined,
    })
    const edited = { ...poll, question: 'Dinner?', revision: 2 }
    expect(await side.adapters.polls.save(edited, 1)).toBe(true)
    await runSchedules(1, async () => heard.includes(2))
    await leave()
    expect(await side.adapters.cache.getPoll(poll.id)).toEqual(edited)
    expect(await voteAt(side.adapters.door, poll, someVoterAt(poll))).toBe('definition_stale')
  })

  test('close markers that never arrive are asked for again', async () => {
    const { door } = side.adapters
    const { poll, organiser } = await createPoll(polls)
    const onlyRepeats = () => ({
      door: {
        ...door,
        async shut(...given: Parameters<typeof door.shut>) {
          if (given[3]) await door.shut(...given)
        },
      },
    })
    const closing = await side.createSteps(onlyRepeats).managePolls.close(organiser, poll.id, noLimit)
    expect(pollOf(closing).status).toBe('closing')
    await runSchedules(1, async () => (await stored(poll.id)).status === 'closed', onlyRepeats)
  })

  test('the doors of a round go some time after its end, also when the poll was reset since', async () => {
    const { door, polls: store } = side.adapters
    const closed = await createPoll(polls)
    const reset = await createPoll(polls)
    const open = await createPoll(polls)
    await close(closed)
    await polls.reset(reset.organiser, reset.poll.id)
    const doors = createPollDoors(door, () => undefined)
    const stop = new AbortController()
    // The pause after the first round of work ends the run.
    const sleep = async (): Promise<void> => stop.abort()
    const report = (fault: unknown): never => {
      throw fault
    }
    await createRemoveOldDoors({ polls: store, doors, keptMs: 60_000, sleep, report }).run(stop.signal)
    expect(await voteEverywhere(door, closed.poll)).toEqual(everywhere('poll_closed'))

    const again = new AbortController()
    const keptMs = 0
    await createRemoveOldDoors({ polls: store, doors, keptMs, sleep: async () => again.abort(), report }).run(
      again.signal,
    )
    expect(await voteEverywhere(door, closed.poll)).toEqual(everywhere('door_missing'))
    expect(await voteEverywhere(door, reset.poll)).toEqual(everywhere('door_missing'))
    expect(await voteEverywhere(door, open.poll)).toEqual(everywhere('accepted'))
    expect(await store.listWithOldDoors(0, 100)).toEqual([])
  })

  test('a close that cannot shut every door in time says so and is ended by the sweep', async () => {
    const { door } = side.adapters
    const { poll, organiser } = await createPoll(polls)
    const failing = side.createSteps(() => ({
      door: {
        ...door,
        async shut(...given) {
          if (given[0] === 2) throw new Error('this partition is away')
          await door.shut(...given)
        },
      },
    })).managePolls
    const answer = await failing.close(organiser, poll.id, AbortSignal.timeout(200))
    expect(answer).toMatchObject({ refused: 'unavailable', retryAfterMs: 1000 })
    await runSchedules(1, async () => (await stored(poll.id)).status === 'closed')
  })
})
