import { describe, expect, test } from 'vitest'
import { type BulkCall, createBulkLane } from '../../src/application/cast-vote/bulk-lane.ts'
import { BULK_LIMITS } from '../../src/application/cast-vote/cast-in-bulk.ts'
import { createSealMany } from '../../src/application/cast-vote/seal-many.ts'
import { createVoteIds } from '../../src/application/cast-vote/vote-id.ts'
import type { Poll } from '../../src/domain/poll.ts'
import { type EntryId, positionOf } from '../../src/domain/position.ts'
import { isRefused, type Refused } from '../../src/domain/refusal.ts'
import type { VoterKey } from '../../src/domain/vote.ts'
import type { DoorAnswer, DoorCall } from '../../src/ports/vote-door.ts'
import { createManualClock } from '../support/manual-clock.ts'
import { someLivePoll } from '../support/some-live-poll.ts'

const { patienceMs, callsPerBatchMax } = BULK_LIMITS
const secret = Buffer.alloc(32, 7)

type Judge = (calls: readonly DoorCall[], batch: number) => readonly DoorAnswer['answer'][]

/** A lane whose door answers as the test says, on a clock that goes when the test says so. */
function aLane(judge: Judge, said: Partial<Poll> = {}) {
  let live: ReturnType<typeof someLivePoll> | null = someLivePoll(said)
  const pollId = live.poll.id
  const batches: (readonly DoorCall[])[] = []
  const faults: unknown[] = []
  const restored: number[] = []
  const clock = createManualClock()
  const stopping = new AbortController()
  const parts = {
    watchPoll: {
      get: async () => live,
      refresh: async () => live,
    },
    append: async (_partition: number, calls: readonly DoorCall[]): Promise<readonly DoorAnswer[]> => {
      batches.push(calls)
      const entry: EntryId = `${batches.length}-0`
      return judge(calls, batches.length).map((answer, n) =>
        answer === 'accepted' ? { answer, position: positionOf(1, entry, n), isRepeated: false } : { answer },
      )
    },
    restoreSoon: async (partition: number) => void restored.push(partition),
    sealMany: createSealMany(secret),
    clock,
    limits: BULK_LIMITS,
    report: (fault: unknown) => void faults.push(fault),
  }
  const lane = createBulkLane(parts, pollId, 3, stopping.signal)
  const answers = new Map<string, string | Refused>()
  const callOf = (name: number): BulkCall => ({
    // The same voter again every 10,000. The cast brands 32 hexadecimal digits.
    voter: (name % 10_000).toString(16).padStart(32, '0') as VoterKey,
    kind: 'cast',
    optionIds: [1],
    requestKey: null,
    answer: (answer) => {
      if (answers.has(`${name}`)) throw new Error(`${name} has an answer already`)
      answers.set(`${name}`, answer)
    },
  })
  return {
    push: (from: number, count: number) => lane.push(Array.from({ length: count }, (_, n) => callOf(from + n))),
    batches,
    answers,
    faults,
    restored,
    stop: () => stopping.abort(),
    setPoll: (next: typeof live) => (live = next),
    poll: () => live,
    /** Lets whatever can go on do so, the clock included. */
    async pass(ms: number): Promise<void> {
      for (let left = ms; ; left -= 10) {
        for (let turn = 0; turn < 20; turn += 1) await Promise.resolve()
        if (left <= 0) return
        clock.pass(10)
      }
    },
    codes: () => [...answers.values()].map((answer) => (isRefused(answer) ? answer.refused : 'accepted')),
    names: (batch: number) => batches[batch]?.map(({ voter }) => Number.parseInt(voter, 16)),
  }
}

const all =
  (answer: DoorAnswer['answer']): Judge =>
  (calls) =>
    calls.map(() => answer)

describe('the votes of a host at one partition', () => {
  test('go one batch at a time, and what comes meanwhile goes as one', async () => {
    const lane = aLane(all('accepted'))
    lane.push(0, 2)
    lane.push(2, callsPerBatchMax + 1)
    await lane.pass(0)
    expect(lane.batches.map((batch) => batch.length)).toEqual([2, callsPerBatchMax, 1])
    expect(lane.batches.flat().map(({ voter }) => Number.parseInt(voter, 16))).toEqual(
      Array.from({ length: callsPerBatchMax + 3 }, (_, n) => n),
    )
    const voteId = lane.answers.get('1')
    expect(typeof voteId === 'string' && createVoteIds(secret).open(voteId)).toMatchObject({
      pollId: lane.poll()?.poll.id,
      position: positionOf(1, '1-0', 1),
    })
  })

  test('that find the partition full wait in front of those behind them, and are asked for alone', async () => {
    const lane = aLane((calls, batch) => calls.map((_call, n) => (batch < 3 && n > 0 ? 'overloaded' : 'accepted')))
    lane.push(0, 4)
    lane.push(4, 2)
    await lane.pass(1_000)
    expect([lane.names(0), lane.names(1), lane.names(2), lane.names(3)]).toEqual([
      [0, 1, 2, 3],
      [1, 2, 3],
      [2, 3],
      [4, 5],
    ])
    expect(lane.codes()).toEqual(Array(6).fill('accepted'))
  })

  test('that are of one voter go one after the other, each behind the answer to the one before', async () => {
    const lane = aLane((calls, batch) => calls.map(() => (batch === 2 ? 'overloaded' : 'accepted')))
    lane.push(0, 1)
    lane.push(1, 2)
    lane.push(10_001, 2)
    await lane.pass(1_000)
    expect(lane.batches.map((_batch, n) => lane.names(n))).toEqual([[0], [1, 2], [1, 2], [1, 2]])
  })

  test('that fail are repeated unchanged, in front of those behind them', async () => {
    const lane = aLane((calls, batch) => {
      if (batch < 4) throw new Error('the connection is gone')
      return all('accepted')(calls, batch)
    })
    lane.push(0, 2)
    lane.push(2, 1)
    await lane.pass(2_000)
    expect(lane.batches.map((_batch, n) => lane.names(n))).toEqual([[0, 1], [0, 1], [0, 1], [0, 1], [2]])
    expect([lane.codes(), lane.faults.length]).toEqual([Array(3).fill('accepted'), 3])
  })

  test.each([
    ['overloaded', 'overloaded'],
    ['definition_stale', 'unavailable'],
    ['door_missing', 'unavailable'],
  ] as const)(
    'that are answered %s for too long are refused as %s, those behind them after one attempt',
    async (said, code) => {
      const lane = aLane(all(said))
      lane.push(0, 1)
      await lane.pass(patienceMs - 20)
      expect(lane.codes()).toEqual([])
      await lane.pass(BULK_LIMITS.pauseMs.most * 2)
      expect(lane.codes()).toEqual([code])
      const before = lane.batches.length
      lane.push(1, 1)
      await lane.pass(BULK_LIMITS.pauseMs.most)
      expect([lane.codes(), lane.batches.length - before]).toEqual([[code, code], 1])
    },
  )

  test('have patience again once a batch has gone through', async () => {
    let isAway = true
    const lane = aLane((calls, batch) => all(isAway ? 'overloaded' : 'accepted')(calls, batch))
    lane.push(0, 1)
    await lane.pass(patienceMs + BULK_LIMITS.pauseMs.most * 2)
    isAway = false
    lane.push(1, 1)
    await lane.pass(10)
    isAway = true
    lane.push(2, 1)
    await lane.pass(patienceMs - 20)
    expect(lane.codes()).toEqual(['overloaded', 'accepted'])
  })

  test('have no patience when their host has left', async () => {
    const lane = aLane(all('overloaded'))
    lane.push(0, 1)
    await lane.pass(100)
    lane.stop()
    await lane.pass(0)
    lane.push(1, 1)
    await lane.pass(0)
    expect(lane.codes()).toEqual(['overloaded', 'overloaded'])
  })

  test('find a missing door restored, and a newer definition read, without a pause', async () => {
    const lane = aLane((calls, batch) =>
      all(batch === 1 ? 'door_missing' : batch === 3 ? 'definition_stale' : 'accepted')(calls, batch),
    )
    lane.push(0, 1)
    await lane.pass(0)
    lane.push(1, 1)
    await lane.pass(0)
    expect([lane.codes(), lane.restored]).toEqual([['accepted', 'accepted'], [3]])
  })

  test('are judged by the definition of the moment', async () => {
    const lane = aLane(all('accepted'))
    const before = lane.poll()!.poll // it was made with one
    for (const [n, next] of [
      someLivePoll({ ...before, revision: 2, options: before.options.slice(1) }),
      someLivePoll({ ...before, status: 'draft', round: 2, revision: 3 }),
      someLivePoll({ ...before, status: 'closed', revision: 4 }),
      null,
    ].entries()) {
      lane.push(2 * n, 1)
      await lane.pass(0)
      lane.setPoll(next)
      lane.push(2 * n + 1, 1)
      await lane.pass(0)
      lane.setPoll(someLivePoll(before))
    }
    expect(lane.codes().filter((_code, n) => n % 2 === 1)).toEqual([
      'option_unknown',
      'poll_not_open',
      'poll_closed',
      'poll_not_found',
    ])
  })

  test('of a poll that has ended are not waited with, whatever its door says', async () => {
    const lane = aLane(all('door_missing'), { status: 'closed' })
    lane.push(0, 1)
    await lane.pass(0)
    expect([lane.codes(), lane.restored]).toEqual([['poll_closed'], []])
  })

  test('that a door leaves without an answer are asked for again', async () => {
    const lane = aLane((calls, batch) => (batch === 1 ? ['accepted'] : all('accepted')(calls, batch)))
    lane.push(0, 2)
    await lane.pass(200)
    expect([lane.names(1), lane.codes()]).toEqual([[1], ['accepted', 'accepted']])
  })
})
