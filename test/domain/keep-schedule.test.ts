import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createKeepSchedule } from '../../src/application/keep-schedule.ts'
import type { Poll } from '../../src/domain/poll.ts'
import { somePoll } from '../support/some-poll.ts'

const closingPolls = (count: number): readonly Poll[] =>
  Array.from({ length: count }, (_, index) => somePoll({ id: `closing-${index}`, status: 'closing' }))

/** Passes that follow one another without a pause, each when the clock has gone on by a quarter of a second. Returns the faults reported. */
async function runPasses(given: {
  readonly polls: readonly Poll[]
  readonly passes: number
  shut(poll: Poll, isRepeat: boolean, now: number): Promise<number>
  readonly finalise?: (pollId: string) => Promise<boolean>
}): Promise<readonly unknown[]> {
  const faults: unknown[] = []
  const stop = new AbortController()
  let now = 0
  let passesLeft = given.passes
  const schedule = createKeepSchedule({
    polls: {
      listDue: async () => given.polls,
      listUnannounced: async () => [],
      find: async () => null,
      save: async () => true,
    },
    door: { now: async () => now },
    doors: {
      open: async () => {},
      shut: async (poll, isRepeat) => given.shut(poll, isRepeat, now),
      follow: async () => 'done',
      remove: async () => {},
    },
    tallies: { finalise: given.finalise ?? (async () => false) },
    announce: async () => 'done',
    sleep: async () => {
      now += 250
      passesLeft -= 1
      if (passesLeft === 0) stop.abort()
    },
    report: (fault) => faults.push(fault),
  })
  await schedule.run(stop.signal)
  return faults
}

test('polls whose server is away let a few of them wait together, and the others end meanwhile', async () => {
  const ended: string[] = []
  const polls = closingPolls(100)
  const [away, others] = [polls.slice(0, 8), polls.slice(8)]
  await runPasses({
    polls,
    passes: 1,
    shut: async (poll) => {
      // Far longer than the others need.
      for (let turn = 0; away.includes(poll) && ended.length < others.length && turn < 1000; turn += 1) await nextTurn()
      return 0
    },
    finalise: async (pollId) => ended.push(pollId) > 0,
  })
  expect(ended).toEqual([...others, ...away].map(({ id }) => id))
})

test('a fault of one poll is reported, and the others are moved', async () => {
  const [first, ...others] = closingPolls(40)
  const ended: string[] = []
  const faults = await runPasses({
    polls: [first!, ...others],
    passes: 1,
    shut: async (poll) => (poll === first ? Promise.reject(new Error('no such door')) : 0),
    finalise: async (pollId) => ended.push(pollId) > 0,
  })
  expect(faults).toMatchObject([{ message: 'no such door' }])
  expect(ended).toEqual(others.map(({ id }) => id))
})

test('doors that could not be shut are tried again each second; once they are, their markers ever more patiently', async () => {
  const tries: [number, boolean][] = []
  await runPasses({
    polls: closingPolls(1),
    passes: 60,
    shut: async (_, isRepeat, now) => {
      tries.push([now, isRepeat])
      return now < 3000 ? 1 : 0
    },
  })
  expect(tries).toEqual([
    [0, false],
    [1000, false],
    [2000, false],
    [3000, false],
    [4000, true],
    [6000, true],
    [10_000, true],
  ])
})
