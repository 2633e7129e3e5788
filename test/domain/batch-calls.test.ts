import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BATCH_LIMITS, createBatchCalls, HOLD_LIMITS } from '../../src/application/cast-vote/batch-calls.ts'
import type { Clock } from '../../src/application/clock.ts'
import { positionOf } from '../../src/domain/position.ts'
import { isRefused } from '../../src/domain/refusal.ts'
import type { VoterKey } from '../../src/domain/vote.ts'
import { DependencyMoving } from '../../src/ports/unavailable.ts'
import type { DoorAnswer, DoorCall } from '../../src/ports/vote-door.ts'

function callOf(index: number, pollId = 'poll'): DoorCall {
  // The cast brands 32 hexadecimal digits.
  const voter = index.toString(16).padStart(32, '0') as VoterKey
  return { pollId, round: 1, revision: 1, kind: 'cast', voter, selection: [1], requestKey: null }
}

function indexOf(call: DoorCall): number {
  return Number.parseInt(call.voter, 16)
}

type Sent = {
  readonly partition: number
  readonly calls: readonly DoorCall[]
  settle(how: 'appended' | 'lost' | 'failed' | 'moving'): void
}

/** What lies beyond: appends that end when the test says so, and a clock that goes when the test says so. */
function beyond() {
  const pending: Sent[] = []
  /** Calls in the order in which they were appended, by partition. */
  const log = new Map<number, number[]>()
  /** The most at a time that had calls of the same poll: those of several may be asked for apart. */
  const inFlight = { most: 0 }
  let time = 0
  const firstSentAt = new Map<number, number>()
  const timers = new Set<{ at: number; run: () => void }>()

  /** One that nobody waits for any more is on its way no longer, whenever its end comes. */
  function isGivenUp({ calls }: Sent): boolean {
    return time - (firstSentAt.get(indexOf(calls[0]!)) ?? time) >= BATCH_LIMITS.answerMsMax
  }

  function append(partition: number, calls: readonly DoorCall[]): Promise<readonly DoorAnswer[]> {
    const { promise, resolve, reject } = Promise.withResolvers<readonly DoorAnswer[]>()
    const sent: Sent = {
      partition,
      calls,
      settle(how) {
        pending.splice(pending.indexOf(sent), 1)
        if (how === 'moving') return reject(new DependencyMoving('stream', 'its slot is moving'))
        const appended = log.get(partition) ?? []
        log.set(partition, appended)
        if (how !== 'failed')
          for (const call of calls) if (!appended.includes(indexOf(call))) appended.push(indexOf(call))
        if (how !== 'appended') return reject(new Error('the connection is gone'))
        resolve(
          calls.map((call) => ({
            answer: 'accepted',
            position: positionOf(1, '1-0', indexOf(call)),
            isRepeated: false,
          })),
        )
      },
    }
    pending.push(sent)
    for (const call of calls) firstSentAt.set(indexOf(call), firstSentAt.get(indexOf(call)) ?? time)
    const onTheWay = pending.filter((one) => one.partition === partition && !isGivenUp(one))
    const ofPolls = Map.groupBy(
      onTheWay.flatMap((one) => [...new Set(one.calls.map(({ pollId }) => pollId))]),
      (pollId) => pollId,
    )
    inFlight.most = Math.max(inFlight.most, ...[...ofPolls.values()].map((sends) => sends.length))
    return promise
  }

  const clock: Clock = {
    now: () => time,
    after(ms, run) {
      const timer = { at: time + ms, run }
      timers.add(timer)
      return () => timers.delete(timer)
    },
  }

  async function pass(ms: number): Promise<void> {
    time += ms
    for (const timer of timers) {
      if (timer.at > time) continue
      timers.delete(timer)
      timer.run()
    }
    await settled()
  }
  return { append, clock, pending, log, inFlight, pass }
}

/** Lets everything happen that waits for nothing but its turn, and for the end of the turn that follows from it. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 2; turn += 1) {
    await new Promise((resolve) => {
      setImmediate(resolve)
    })
  }
}

/** Calls in turns of the event loop of their own. Those of one turn are sent as it ends, where there is room. */
const callInTurns = async <Answer>(
  count: number,
  call: (index: number) => Promise<Answer>,
): Promise<Promise<Answer>[]> => {
  const answers: Promise<Answer>[] = []
  for (let index = 0; index < count; index += 1) {
    answers.push(call(index))
    await settled()
  }
  return answers
}

/** The answer, where it is there by now. */
const answerNow = async (answer: Promise<unknown>): Promise<unknown> =>
  Promise.race([answer, settled().then(() => 'not yet')])

describe('calls to a door', () => {
  test('of one turn of the event loop go together as it ends when less than two batches are on their way, else when one returns', async () => {
    const { append, clock, pending } = beyond()
    const batch = createBatchCalls(append, { clock, report: () => undefined })
    const first = [0, 1].map((index) => batch.call(0, callOf(index)))
    await settled()
    const answers = [...first, ...(await callInTurns(3, (index) => batch.call(0, callOf(2 + index))))]
    expect(pending.map((sent) => sent.calls.map(indexOf))).toEqual([[0, 1], [2]])
    pending[0]!.settle('appended')
    await settled()
    expect(pending.map((sent) => sent.calls.map(indexOf))).toEqual([[2], [3, 4]])
    for (const sent of pending.slice()) sent.settle('appended')
    expect(await Promise.all(answers)).toEqual(Array(5).fill(expect.objectContaining({ answer: 'accepted' })))
  })

  test('are answered exactly once each, in order, never more than two batches at a time, whatever fails', async () => {
    const commands = fc.array(
      fc.oneof(
        {
          weight: 5,
          arbitrary: fc.record({
            do: fc.constant('call' as const),
            partition: fc.nat(2),
            times: fc.integer({ min: 1, max: 9 }),
          }),
        },
        {
          weight: 4,
          arbitrary: fc.record({
            do: fc.constant('settle' as const),
            which: fc.nat(5),
            how: fc.constantFrom('appended', 'lost', 'failed', 'moving'),
          }),
        },
        {
          weight: 1,
          arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(10, 60, 400, 2100) }),
        },
      ),
      { maxLength: 60 },
    )
    await fc.assert(
      fc.asyncProperty(commands, async (steps) => {
        const { append, clock, pending, log, inFlight, pass } = beyond()
        const limits = { ...BATCH_LIMITS, callsPerBatchMax: 4, waitingCallsMax: 30 }
        const batch = createBatchCalls(append, { limits, clock, report: () => undefined })
        const answers = new Map<number, unknown[]>()
        let called = 0
        for (const step of steps) {
          if (step.do === 'wait') await pass(step.ms)
          else if (step.do === 'settle') pending[step.which % Math.max(pending.length, 1)]?.settle(step.how)
          else {
            for (let time = 0; time < step.times; time += 1) {
              const index = called++
              answers.set(index, [])
              batch.call(step.partition, callOf(index, `poll${index % 3}`)).then(
                (answer) => answers.get(index)?.push(answer),
                (error: unknown) => answers.get(index)?.push(error),
              )
            }
          }
          await settled()
        }
        // The end: time passes, and everything that is on its way fails.
        let isIdle = false
        const idle = batch.idle().then(() => {
          isIdle = true
        })
        await settled()
        while (!isIdle) {
          for (const sent of pending.slice()) sent.settle('failed')
          await pass(600)
        }
        await idle

        for (const [index, given] of answers) {
          expect(given).toHaveLength(1)
          const [answer] = given
          if (isRefused(answer)) expect(['overloaded', 'unavailable']).toContain(answer.refused)
          else expect(answer).toMatchObject({ answer: 'accepted', position: positionOf(1, '1-0', index) })
        }
        for (const sent of pending) expect(sent.calls.length).toBeLessThanOrEqual(4)
        expect(inFlight.most).toBeLessThanOrEqual(limits.batchesInFlightMax)
        for (const appended of log.values()) expect(new Set(appended).size).toBe(appended.length)
      }),
      { numRuns: 100 },
    )
  })

  test('keep their order where nothing fails', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(3), { minLength: 1, maxLength: 40 }), async (bursts) => {
        const { append, clock, pending, log } = beyond()
        const batch = createBatchCalls(append, {
          limits: { ...BATCH_LIMITS, callsPerBatchMax: 3 },
          clock,
          report: () => undefined,
        })
        let called = 0
        const all: Promise<unknown>[] = []
        for (const burst of bursts) {
          for (let time = 0; time < burst; time += 1) all.push(batch.call(0, callOf(called++)))
          // A stream appends in the order in which it was asked.
          pending[0]?.settle('appended')
          await settled()
        }
        while (pending.length > 0) {
          pending[0]?.settle('appended')
          await settled()
        }
        await Promise.all(all)
        expect(log.get(0) ?? []).toEqual([...Array(called).keys()])
      }),
    )
  })

  test('of a batch whose answer was lost are sent once more, and then have their answer', async () => {
    const { append, clock, pending, pass, log } = beyond()
    const reported: unknown[] = []
    const batch = createBatchCalls(append, { clock, report: (fault) => reported.push(fault) })
    const answer = batch.call(0, callOf(7))
    await settled()
    pending[0]!.settle('lost')
    await settled()
    expect(pending).toHaveLength(0)
    await pass(BATCH_LIMITS.repeatAfterMs)
    pending[0]!.settle('appended')
    expect(await answer).toMatchObject({ answer: 'accepted' })
    expect(log.get(0)).toEqual([7])
    expect(reported).toHaveLength(1)
  })

  describe('of a poll that is on its way to another server', () => {
    const placesOf = (sent: readonly Sent[]) => sent.map(({ calls }) => calls.map(indexOf))

    /** One batch of two polls, of which the second cannot be judged: each was asked for alone, and the first has its answer. */
    const sendTwoPolls = async (hold = HOLD_LIMITS) => {
      const around = beyond()
      const { append, clock, pending } = around
      const batch = createBatchCalls(append, { clock, hold, report: () => undefined })
      const first = batch.call(0, callOf(0))
      const moving = [1, 2].map((index) => batch.call(0, callOf(index, 'moving')))
      await settled()
      pending[0]!.settle('moving')
      await settled()
      expect(placesOf(pending)).toEqual([[0], [1, 2]])
      pending[1]!.settle('moving')
      expect(await answerNow(moving[0]!)).toBe('not yet')
      pending[0]!.settle('appended')
      expect(await answerNow(first)).toMatchObject({ answer: 'accepted' })
      return { ...around, batch, moving }
    }

    test('rest while those of other polls are judged, and have their answer once it is there', async () => {
      const { batch, moving, pending, pass } = await sendTwoPolls()
      const other = batch.call(0, callOf(3))
      await settled()
      expect(placesOf(pending)).toEqual([[3]])
      pending[0]!.settle('appended')
      expect(await answerNow(other)).toMatchObject({ answer: 'accepted' })
      expect(await answerNow(batch.idle())).toBe('not yet')
      await pass(BATCH_LIMITS.repeatAfterMs)
      expect(placesOf(pending)).toEqual([[1, 2]])
      pending[0]!.settle('appended')
      expect(await Promise.all(moving)).toEqual(Array(2).fill(expect.objectContaining({ answer: 'accepted' })))
      await batch.idle()
    })

    test('are told to come back when they have rested for long enough, and not before', async () => {
      const { moving, pending, pass } = await sendTwoPolls()
      for (let ms = BATCH_LIMITS.repeatAfterMs; ms <= HOLD_LIMITS.heldMsMax; ms += BATCH_LIMITS.repeatAfterMs) {
        expect(await answerNow(moving[0]!)).toBe('not yet')
        await pass(BATCH_LIMITS.repeatAfterMs)
        pending[0]!.settle('moving')
      }
      const refused = { refused: 'unavailable', detail: expect.stringContaining('on its way'), retryAfterMs: 1000 }
      expect(await Promise.all(moving)).toEqual([refused, refused])
      await pass(BATCH_LIMITS.repeatAfterMs)
      expect(pending).toEqual([])
    })

    test('are told so at once where as many rest as may', async () => {
      const { moving, pending, pass } = await sendTwoPolls({ ...HOLD_LIMITS, heldCallsMax: 1 })
      expect(await answerNow(moving[1]!)).toMatchObject({ refused: 'unavailable' })
      await pass(BATCH_LIMITS.repeatAfterMs)
      expect(placesOf(pending)).toEqual([[1]])
    })
  })

  test('that get no answer are refused when their time is up, and so are those that waited behind them', async () => {
    const { append, clock, pending, pass } = beyond()
    const batch = createBatchCalls(append, { clock, report: () => undefined })
    const answers = await callInTurns(3, (index) => batch.call(0, callOf(index)))
    await pass(BATCH_LIMITS.answerMsMax)
    expect(await answers[0]).toMatchObject({ refused: 'unavailable', retryAfterMs: expect.any(Number) })
    await pass(1)
    expect(pending.length).toBe(3)
    await pass(BATCH_LIMITS.answerMsMax)
    expect(await Promise.all(answers)).toEqual(Array(3).fill(expect.objectContaining({ refused: 'unavailable' })))
  })

  test('beyond the bound of waiting calls are refused at once, wherever they wait, and taken again once there is room', async () => {
    const { append, clock, pending } = beyond()
    const batch = createBatchCalls(append, {
      limits: { ...BATCH_LIMITS, waitingCallsMax: 3 },
      clock,
      report: () => undefined,
    })
    const taken = await callInTurns(5, (index) => batch.call(0, callOf(index)))
    expect(batch.refuseNow()).toMatchObject({ refused: 'overloaded', retryAfterMs: expect.any(Number) })
    for (const partition of [0, 1]) {
      expect(await answerNow(batch.call(partition, callOf(5)))).toMatchObject({ refused: 'overloaded' })
    }
    pending[0]!.settle('appended')
    await settled()
    expect(batch.refuseNow()).toBeNull()
    const other = batch.call(1, callOf(6))
    await settled()
    while (pending.length > 0) {
      pending[0]!.settle('appended')
      await settled()
    }
    expect((await Promise.all([...taken, other])).filter(isRefused)).toEqual([])
  })

  describe('that would have to wait too long', () => {
    // Eight calls are on their way at most; with batches that take 400 ms, 3 can wait for 150 ms.
    const limits = { ...BATCH_LIMITS, callsPerBatchMax: 4 }
    const batchMs = 400
    const waitingMax = 3

    /** A partition whose batches take so long: two are under way, and nobody waits. */
    const slowLine = async (partitions = 1) => {
      const around = beyond()
      const { append, clock, pending, pass } = around
      const batch = createBatchCalls(append, { limits, partitions, clock, report: () => undefined })
      let called = 0
      const call = (partition = 0) => batch.call(partition, callOf(called++))
      for (let n = 0; n < 2; n += 1) {
        call().catch(() => undefined)
        await settled()
      }
      for (let n = 0; n < 8; n += 1) call().catch(() => undefined)
      await pass(batchMs)
      for (const sent of pending.slice(0, 2)) sent.settle('appended')
      await settled()
      expect(pending.map(({ calls }) => calls.length)).toEqual([4, 4])
      return { ...around, batch, call }
    }

    test('are refused at once, and those before them are not', async () => {
      const { batch, call, pending } = await slowLine()
      const taken = Array.from({ length: waitingMax + 1 }, () => call())
      expect(await answerNow(call())).toMatchObject({ refused: 'overloaded', retryAfterMs: expect.any(Number) })
      expect(batch.refuseNow()).toMatchObject({ refused: 'overloaded' })
      while (pending.length > 0) {
        pending[0]!.settle('appended')
        await settled()
      }
      expect((await Promise.all(taken)).filter(isRefused)).toEqual([])
    })

    test('are taken as soon as batches return faster, and by a line that has been idle', async () => {
      const { batch, call, pending, pass } = await slowLine()
      const waiting = Array.from({ length: waitingMax + 1 }, () => call())
      expect(batch.refuseNow()).not.toBeNull()
      await pass(10)
      for (const sent of pending.slice()) sent.settle('appended')
      await settled()
      await pass(1)
      pending[0]!.settle('appended')
      await Promise.all(waiting)
      const later = Array.from({ length: 40 }, () => call())
      await settled()
      while (pending.length > 0) {
        pending[0]!.settle('appended')
        await settled()
      }
      expect((await Promise.all(later)).filter(isRefused)).toEqual([])
    })

    test('are not refused before their line is known where a partition has none yet', async () => {
      const { batch, call, pending, pass } = await slowLine(2)
      for (let n = 0; n <= waitingMax; n += 1) call().catch(() => undefined)
      expect(batch.refuseNow()).toBeNull()
      // Of a poll with more partitions than anybody knew of only the last one is behind, like the first.
      for (let n = 0; n < 10; n += 1) call(3).catch(() => undefined)
      await settled()
      await pass(batchMs)
      for (const sent of pending.filter(({ partition }) => partition === 3)) sent.settle('appended')
      await settled()
      // Some of them go at once, as the second batch on its way.
      for (let n = 0; n <= waitingMax + limits.callsPerBatchMax; n += 1) call(3).catch(() => undefined)
      for (const partition of [0, 3]) expect(await answerNow(call(partition))).toMatchObject({ refused: 'overloaded' })
      expect(batch.refuseNow()).toBeNull()
    })

    test('are refused before their line is known only where each line is behind', async () => {
      const { batch, call, pending } = await slowLine()
      for (let n = 0; n <= waitingMax; n += 1) call().catch(() => undefined)
      expect(batch.refuseNow()).not.toBeNull()
      const other = call(1)
      expect(batch.refuseNow()).toBeNull()
      await settled()
      // Idle from then on: whose vote is for that partition would be taken at once.
      pending.at(-1)!.settle('appended')
      await other
      expect(batch.refuseNow()).toBeNull()
    })

    test('are taken while few wait, however long the stream falters', async () => {
      const { append, clock, pass } = beyond()
      const batch = createBatchCalls(append, { clock, report: () => undefined })
      let refused = 0
      for (let index = 0; index < 60; index += 1) {
        batch.call(0, callOf(index)).then(
          (answer) => {
            if (isRefused(answer) && answer.refused === 'overloaded') refused += 1
          },
          () => undefined,
        )
        await pass(30)
      }
      expect(refused).toBe(0)
    })
  })

  test('that are read late are refused before they are looked at, and those before them are sent at once', async () => {
    const { append, clock, pending } = beyond()
    let isLate = false
    const batch = createBatchCalls(append, { clock, isReadLate: () => isLate, report: () => undefined })
    const answer = batch.call(0, callOf(1))
    expect([batch.refuseNow(), pending.length]).toEqual([null, 0])
    isLate = true
    expect(batch.refuseNow()).toMatchObject({ refused: 'overloaded', retryAfterMs: expect.any(Number) })
    expect(pending.length).toBe(1)
    pending[0]!.settle('appended')
    expect(await answer).toMatchObject({ answer: 'accepted' })
    isLate = false
    expect(batch.refuseNow()).toBeNull()
  })

  test('never make a batch of more than 512', async () => {
    const { append, clock, pending } = beyond()
    const batch = createBatchCalls(append, { clock, report: () => undefined })
    const answers = Array.from({ length: 1200 }, (_, index) => batch.call(0, callOf(index)))
    const sizes: number[] = []
    while (pending.length > 0) {
      sizes.push(pending[0]!.calls.length)
      pending[0]!.settle('appended')
      await settled()
    }
    await Promise.all(answers)
    expect(sizes).toEqual([512, 512, 176])
  })
})
