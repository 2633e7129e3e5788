import { expect, test } from 'vitest'
import { hashToken } from '../../src/application/authorize.ts'
import { createJudgeBearer } from '../../src/application/judge-bearer.ts'
import { LOOK_LIMITS } from '../../src/application/manage-polls/look-behind.ts'
import { createShowProgress } from '../../src/application/manage-polls/show-progress.ts'
import { compareEntryIds, type EntryId } from '../../src/domain/position.ts'
import { isRefused } from '../../src/domain/refusal.ts'
import type { Vote, VoteKind } from '../../src/domain/vote.ts'
import type { EntryContent, StreamEntry } from '../../src/ports/vote-stream.ts'
import { somePoll } from '../support/some-poll.ts'
import { someTally } from '../support/some-tally.ts'
import { entryNumber, voterNumber } from '../support/some-votes.ts'

const { votesMax, entriesPerPage } = LOOK_LIMITS
const partitions = 3
const bearer = 'the-admin-token-of-this-test'
const kept = { round: 1, totalVotes: 0 }

/** Polls whose votes wait in streams that the test fills, at a time that stands still until somebody moves it. */
function start(tally = kept) {
  const streams = Array.from({ length: partitions }, (): StreamEntry[] => [])
  const recorded: EntryId[] = Array.from({ length: partitions }, () => '0-0')
  const calls = { reads: 0, peeks: 0, atOnce: 0, atOnceMax: 0 }
  let time = 1_000
  async function ask<Answer>(counted: 'reads' | 'peeks', answer: () => Answer): Promise<Answer> {
    calls[counted] += 1
    calls.atOnce += 1
    calls.atOnceMax = Math.max(calls.atOnceMax, calls.atOnce)
    await Promise.resolve()
    calls.atOnce -= 1
    return answer()
  }
  const showProgress = createShowProgress({
    polls: { find: async (id) => somePoll({ id, partitions, round: 1 }) },
    judgeBearer: createJudgeBearer({
      keys: { find: async () => null },
      adminTokenHash: hashToken(bearer),
      onUsed() {},
    }),
    tallies: { read: async ([pollId = '']) => [someTally({ pollId, ...tally })] },
    lease: {
      read: async (partition) => ask('reads', () => ({ partition, epoch: 1, recorded: recorded[partition] ?? '0-0' })),
    },
    stream: {
      peek: async (partition, after, entriesMax) =>
        ask('peeks', () =>
          (streams[partition] ?? []).filter(({ id }) => compareEntryIds(id, after) > 0).slice(0, entriesMax),
        ),
    },
    door: { now: async () => 1_000 },
    now: () => time,
  })
  const append = (partition: number, content: EntryContent): void => {
    const entries = streams[partition]! // one of the partitions
    entries.push({ id: entryNumber(entries.length + 1), epoch: 1, appendedAt: 400, content })
  }
  return {
    recorded,
    calls,
    append,
    wait: (partition: number, votes: readonly Vote[]): void => append(partition, { type: 'votes', votes }),
    pass: (ms: number): void => void (time += ms),
    show: async (pollId = 'mine') => {
      const progress = await showProgress({ bearer, requestId: 'test', address: null }, pollId)
      if (isRefused(progress)) throw new Error(progress.detail)
      return progress
    },
  }
}

const vote = (kind: VoteKind = 'cast', said: Partial<Vote> = {}): Vote => {
  return { pollId: 'mine', round: 1, voter: voterNumber(1), kind, selection: [1], ...said }
}
const votes = (count: number): readonly Vote[] => Array.from({ length: count }, () => vote())

test('votes behind the checkpoints of all partitions wait, those of other polls and rounds do not', async () => {
  const { wait, recorded, show } = start({ round: 1, totalVotes: 7 })
  wait(0, [vote(), vote('change')])
  wait(1, [vote('cast', { pollId: 'another' }), vote('retract'), vote('cast', { round: 2 })])
  for (const partition of [2, 2]) wait(partition, [vote()])
  recorded[2] = entryNumber(1)
  expect(await show()).toEqual({
    pollId: 'mine',
    round: 1,
    acceptedVotes: 8,
    recordedVotes: 7,
    waitingVotes: 4,
    oldestWaitingMs: 600,
  })
})

test('counts are of one round, also where the poll was reset between two looks', async () => {
  const { wait, show } = start({ round: 2, totalVotes: 5 })
  wait(
    0,
    [1, 2, 2].map((round) => vote('cast', { round })),
  )
  expect(await show()).toMatchObject({ round: 2, acceptedVotes: 7, waitingVotes: 2 })
})

test('a retract whose first vote was recorded since the tally was read leaves none, and not one less', async () => {
  const { wait, recorded, show } = start()
  for (const kind of ['cast', 'retract'] as const) wait(0, [vote(kind)])
  recorded[0] = entryNumber(1)
  expect(await show()).toMatchObject({ acceptedVotes: 0, recordedVotes: 0, waitingVotes: 1 })
})

test.each([
  [votesMax - 1, votesMax - 1],
  [votesMax, votesMax],
  [votesMax + 1, votesMax],
])('of %i votes that wait in large entries %i are counted', async (waiting, counted) => {
  const { wait, show } = start()
  wait(0, votes(2_048))
  wait(1, votes(2_048))
  wait(2, votes(waiting - 2 * 2_048))
  expect(await show()).toMatchObject({ waitingVotes: counted, acceptedVotes: counted })
})

test.each([
  [votesMax, votesMax],
  [votesMax + 1, votesMax],
])('of %i that wait one by one %i are counted', async (waiting, counted) => {
  const { wait, show } = start()
  for (let n = 0; n < waiting; n += 1) wait(n % partitions, votes(1))
  expect(await show()).toMatchObject({ waitingVotes: counted })
})

test('a partition in which much waits leaves room for the others, and entries without votes end the look too', async () => {
  const { append, wait, calls, show } = start()
  for (let n = 0; n < 2 * votesMax; n += 1) append(0, { type: 'close', pollId: 'another', round: 1 })
  wait(2, votes(1))
  expect(await show()).toMatchObject({ waitingVotes: 1 })
  expect(calls.peeks).toBeLessThanOrEqual(Math.ceil(votesMax / entriesPerPage) + partitions)
})

test('however many ask for however many polls, one call at a time goes to the stores', async () => {
  const { wait, calls, show } = start()
  for (let n = 0; n < 100; n += 1) wait(0, votes(1))
  await Promise.all(Array.from({ length: 60 }, async (_, n) => show(`poll${n % 20}`)))
  expect(calls.atOnceMax).toBe(1)
  // The first poll by itself, all others by the next look.
  expect(calls.reads).toBe(2 * partitions)
})

test('an answer is kept for 1,000 ms at least, and for twice as long at most', async () => {
  const { wait, calls, pass, show } = start()
  await show()
  const peeks = calls.peeks
  wait(0, votes(1))
  pass(999)
  expect(await show()).toMatchObject({ waitingVotes: 0 })
  expect(calls.peeks).toBe(peeks)
  pass(1_001)
  expect(await show()).toMatchObject({ waitingVotes: 1 })
})
