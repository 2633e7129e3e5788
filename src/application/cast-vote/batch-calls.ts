import { type Refused, refuseForNow } from '../../domain/refusal.ts'
import type { DoorAnswer, DoorCall, VoteDoor } from '../../ports/vote-door.ts'
import { type Clock, systemClock } from '../clock.ts'

export type BatchLimits = {
  readonly callsPerBatchMax: number
  readonly batchesInFlightMax: number
  /** Calls that wait for a batch, per partition. Beyond it callers are refused at once: memory stays bounded. */
  readonly waitingCallsMax: number
  /** A call that has waited longer is not sent any more, and a batch is given up when its oldest call has. */
  readonly answerMsMax: number
  /** But a batch gets this long, its repetition included. Together with `answerMsMax`: the longest that anybody waits. */
  readonly batchMsMin: number
  /** Pause before the repetition of a batch that failed: a lost connection is back by then, if it comes back at all. */
  readonly repeatAfterMs: number
}

export const BATCH_LIMITS: BatchLimits = {
  callsPerBatchMax: 512,
  batchesInFlightMax: 2,
  waitingCallsMax: 20_000,
  answerMsMax: 2000,
  batchMsMin: 500,
  repeatAfterMs: 50,
}

export type BatchCalls = {
  call(partition: number, call: DoorCall): Promise<DoorAnswer | Refused>
  /** Resolves when every call has its answer. */
  idle(): Promise<void>
}

type Waiting = {
  readonly call: DoorCall
  readonly since: number
  readonly answer: (answer: DoorAnswer | Refused) => void
}

type Line = { waiting: Waiting[]; inFlight: number }

const overloaded = refuseForNow('overloaded', 'Too many votes are waiting right now. Please try again.')
const unavailable = refuseForNow('unavailable', 'The vote could not be taken right now. Please try again.')

/**
 * The way of many calls to the door of one partition.
 *
 * Background: one call per request costs the stream a round trip and an fsync each. The naive ways to gather calls are a
 * timer, which makes a lone voter wait for nobody, and pipelining, which saves packets but neither scripts nor fsyncs. Here
 * a call goes at once while fewer than two batches are on their way; else it waits for one of them to return, and
 * everything that has gathered goes as one. Idle means no added latency, load means large batches, by itself.
 *
 * A batch that fails may have been appended all the same. It is sent once more, unchanged: to the door a repetition is
 * known and counts once. Whoever still has no answer then is told to come back, which counts once too.
 */
export function createBatchCalls(
  append: VoteDoor['append'],
  options: { readonly limits?: BatchLimits; readonly clock?: Clock; readonly report: (fault: unknown) => void },
): BatchCalls {
  const { limits = BATCH_LIMITS, clock = systemClock, report } = options
  const appendOrRepeat = createPatientAppend(append, limits, clock, report)
  const lines = new Map<number, Line>()
  const onIdle: (() => void)[] = []

  function lineOf(partition: number): Line {
    const known = lines.get(partition)
    if (known !== undefined) return known
    const line: Line = { waiting: [], inFlight: 0 }
    lines.set(partition, line)
    return line
  }

  function isIdle(): boolean {
    return [...lines.values()].every((line) => line.inFlight === 0)
  }

  /** The next calls of a line. Those that have waited too long are answered here and not sent. */
  function takeBatch(line: Line): Waiting[] {
    const oldest = clock.now() - limits.answerMsMax
    const late = line.waiting.findIndex((one) => one.since >= oldest)
    for (const one of line.waiting.splice(0, late === -1 ? line.waiting.length : late)) one.answer(unavailable)
    return line.waiting.splice(0, limits.callsPerBatchMax)
  }

  async function send(partition: number, line: Line, batch: readonly Waiting[]): Promise<void> {
    const calls = batch.map((one) => one.call)
    const waited = clock.now() - (batch[0]?.since ?? 0)
    const answers = await appendOrRepeat(partition, calls, Math.max(limits.answerMsMax - waited, limits.batchMsMin))
    // An answer that is missing belongs to a door that broke its promise; its caller must not wait for ever.
    for (const [index, one] of batch.entries()) one.answer(answers?.[index] ?? unavailable)
    line.inFlight -= 1
    sendNext(partition, line)
    if (onIdle.length > 0 && isIdle()) for (const resolve of onIdle.splice(0)) resolve()
  }

  function sendNext(partition: number, line: Line): void {
    while (line.waiting.length > 0 && line.inFlight < limits.batchesInFlightMax) {
      const batch = takeBatch(line)
      if (batch.length === 0) return
      line.inFlight += 1
      send(partition, line, batch).catch(report)
    }
  }

  return {
    call(partition, call) {
      const line = lineOf(partition)
      if (line.waiting.length >= limits.waitingCallsMax) return Promise.resolve(overloaded)
      const { promise, resolve } = Promise.withResolvers<DoorAnswer | Refused>()
      line.waiting.push({ call, since: clock.now(), answer: resolve })
      sendNext(partition, line)
      return promise
    },
    idle() {
      if (isIdle()) return Promise.resolve()
      const { promise, resolve } = Promise.withResolvers<void>()
      onIdle.push(resolve)
      return promise
    },
  }
}

/** Appends within the time given, the second try included. Null where no answer came. */
function createPatientAppend(
  append: VoteDoor['append'],
  limits: BatchLimits,
  clock: Clock,
  report: (fault: unknown) => void,
): (partition: number, calls: readonly DoorCall[], withinMs: number) => Promise<readonly DoorAnswer[] | null> {
  /** Resolves with null when the time is up; what comes after that is too late for anybody. */
  async function appendWithin(
    partition: number,
    calls: readonly DoorCall[],
    ms: number,
  ): Promise<readonly DoorAnswer[] | null> {
    const { promise: timeUp, resolve } = Promise.withResolvers<null>()
    // Where this process was too busy to look, the answer may lie there already: it is read before the time counts as up.
    const cancel = clock.after(ms, () => setImmediate(resolve, null))
    try {
      return await Promise.race([append(partition, calls), timeUp])
    } finally {
      cancel()
    }
  }

  async function appendOrRepeat(
    partition: number,
    calls: readonly DoorCall[],
    withinMs: number,
  ): Promise<readonly DoorAnswer[] | null> {
    const deadline = clock.now() + withinMs
    try {
      return await appendWithin(partition, calls, withinMs)
    } catch (fault) {
      report(fault)
    }
    await new Promise<void>((resolve) => {
      clock.after(limits.repeatAfterMs, resolve)
    })
    const left = deadline - clock.now()
    if (left <= 0) return null
    try {
      return await appendWithin(partition, calls, left)
    } catch (fault) {
      report(fault)
      return null
    }
  }

  return appendOrRepeat
}
