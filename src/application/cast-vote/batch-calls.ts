import { type Refused, refuseForNow } from '../../domain/refusal.ts'
import type { DoorAnswer, DoorCall, VoteDoor } from '../../ports/vote-door.ts'
import { type Clock, systemClock } from '../clock.ts'
import { createPatientAppend } from './patient-append.ts'

export type BatchLimits = {
  readonly callsPerBatchMax: number
  readonly batchesInFlightMax: number
  /** Calls that wait for a batch, in all. Beyond it callers are refused at once: memory stays bounded. */
  readonly waitingCallsMax: number
  /** A call that would have to wait longer for its batch is refused at once: who is accepted has the answer soon. */
  readonly waitMsMax: number
  /** A call that has waited longer is not sent any more, and a batch is given up when its oldest call has. */
  readonly answerMsMax: number
  /** But a batch gets this long, its repetition included. Together with `answerMsMax`: the longest that anybody waits. */
  readonly batchMsMin: number
  /** Pause before the repetition of a batch that failed, or of calls that are held up: a lost connection is back by then, if it comes back at all. */
  readonly repeatAfterMs: number
}

export const BATCH_LIMITS: BatchLimits = {
  callsPerBatchMax: 512,
  batchesInFlightMax: 2,
  waitingCallsMax: 10_000,
  waitMsMax: 150,
  answerMsMax: 2000,
  batchMsMin: 500,
  repeatAfterMs: 50,
}

/** Calls of a line whose poll is on its way to another server are held up for so long, and so many of them. */
export const HOLD_LIMITS = { heldMsMax: 500, heldCallsMax: 1_000 }

export type BatchCalls = {
  call(partition: number, call: DoorCall): Promise<DoorAnswer | Refused>
  /** What a call would be told wherever it belongs, known before anything of it was read; null where it may try. */
  readonly refuseNow: () => Refused | null
  /** Resolves when every call has its answer. */
  idle(): Promise<void>
}

type Waiting = {
  readonly call: DoorCall
  readonly since: number
  readonly answer: (answer: DoorAnswer | Refused) => void
}

type Line = {
  waiting: Waiting[]
  /** When each batch that is on its way was sent, the longest ago first. */
  readonly sentAt: number[]
  /** Calls that rest before they are first in line again. */
  held: number
  /** How long the last batch took; 0 for a line that has been idle. */
  batchMs: number
  /** Whether what waits is sent when this turn of the event loop ends. */
  isGathering: boolean
}

const overloaded = refuseForNow('overloaded', 'Too many votes are waiting right now. Please try again.')
const unavailable = refuseForNow('unavailable', 'The vote could not be taken right now. Please try again.')
const onItsWay = refuseForNow('unavailable', 'This poll is on its way to another server. Please try again.')

/**
 * The way of many calls to the door of one partition.
 *
 * Background: one call per request costs the stream a round trip and an fsync each. The naive ways to gather calls are a
 * timer, which makes a lone voter wait for nobody, and pipelining, which saves packets but neither scripts nor fsyncs. Here
 * a call goes when this turn of the event loop has read what there was, while fewer than two batches are on their way; else it
 * waits for one of them to return, and everything that has gathered goes as one. Idle means no added latency, load means large
 * batches, by itself.
 *
 * Under more load than there is time for, a line would only grow to its end, and everybody would wait through all of it. So
 * each line knows how long its batches take at present, and lets in whom it can serve soon. A stream that falters for a
 * moment sends nobody away while few wait.
 *
 * A batch that fails may have been appended all the same. It is sent once more, unchanged: to the door a repetition is
 * known and counts once. Whoever still has no answer then is told to come back, which counts once too.
 *
 * A poll that is on its way to another server keeps nobody else waiting: its calls rest beside the line, for so long as somebody can
 * wait for an answer, and then are told to come back.
 */
export function createBatchCalls(
  append: VoteDoor['append'],
  options: {
    readonly limits?: BatchLimits
    readonly hold?: typeof HOLD_LIMITS
    /** As many as the polls have, as far as is known: those that no call has come for yet count too. */
    readonly partitions?: number
    readonly clock?: Clock
    /** Whether what is read now has waited too long for that. */
    readonly isReadLate?: () => boolean
    readonly report: (fault: unknown) => void
  },
): BatchCalls {
  const { limits = BATCH_LIMITS, hold = HOLD_LIMITS, clock = systemClock, isReadLate = () => false, report } = options
  const appendOrRepeat = createPatientAppend(append, limits.repeatAfterMs, clock, report)
  const lines = new Map<number, Line>()
  let { partitions = 1 } = options
  const onIdle: (() => void)[] = []
  let waiting = 0

  function lineOf(partition: number): Line {
    const known = lines.get(partition)
    if (known !== undefined) return known
    const line: Line = { waiting: [], sentAt: [], held: 0, batchMs: 0, isGathering: false }
    lines.set(partition, line)
    partitions = Math.max(partitions, partition + 1)
    return line
  }

  function isIdle(): boolean {
    return [...lines.values()].every((line) => line.sentAt.length + line.waiting.length + line.held === 0)
  }

  /** Whether a call that comes now would wait for its batch longer than it should, as fast as batches return at present. */
  function isBehind({ waiting: ahead, sentAt, batchMs }: Line): boolean {
    const longestMs = Math.max(batchMs, clock.now() - (sentAt[0] ?? Number.POSITIVE_INFINITY))
    const callsPerMs = (limits.callsPerBatchMax * limits.batchesInFlightMax) / longestMs
    return ahead.length > limits.waitMsMax * callsPerMs
  }

  /** The next calls of a line. Those that have waited too long are answered here and not sent. */
  function takeBatch(line: Line): Waiting[] {
    const oldest = clock.now() - limits.answerMsMax
    const late = line.waiting.findIndex((one) => one.since >= oldest)
    const expired = line.waiting.splice(0, late === -1 ? line.waiting.length : late)
    for (const one of expired) one.answer(unavailable)
    const batch = line.waiting.splice(0, limits.callsPerBatchMax)
    waiting -= expired.length + batch.length
    return batch
  }

  async function send(partition: number, line: Line, batch: readonly Waiting[]): Promise<void> {
    const calls = batch.map((one) => one.call)
    const sentAt = clock.now()
    const waited = sentAt - (batch[0]?.since ?? 0)
    line.sentAt.push(sentAt)
    const answers = await appendOrRepeat(partition, calls, Math.max(limits.answerMsMax - waited, limits.batchMsMin))
    const later: Waiting[] = []
    for (const [index, one] of batch.entries()) {
      // An answer that is missing belongs to a door that broke its promise; its caller must not wait for ever.
      const answer = answers?.[index] ?? unavailable
      if (answer === 'later') later.push(one)
      else one.answer(answer)
    }
    holdUp(partition, line, later)
    line.sentAt.splice(line.sentAt.indexOf(sentAt), 1)
    line.batchMs = line.sentAt.length + line.waiting.length === 0 ? 0 : clock.now() - sentAt
    sendSoon(partition, line)
    tellIdle()
  }

  /** Lets those rest that may wait longer, and then be sent before all others. */
  function holdUp(partition: number, line: Line, calls: readonly Waiting[]): void {
    const oldest = clock.now() - hold.heldMsMax
    const held: Waiting[] = []
    for (const one of calls) {
      if (one.since <= oldest || line.held + held.length >= hold.heldCallsMax) one.answer(onItsWay)
      else held.push(one)
    }
    if (held.length === 0) return
    line.held += held.length
    waiting += held.length
    clock.after(limits.repeatAfterMs, () => {
      line.held -= held.length
      line.waiting.unshift(...held)
      sendSoon(partition, line)
    })
  }

  /** When this turn of the event loop ends: by then all that had arrived is read. */
  function sendSoon(partition: number, line: Line): void {
    if (line.waiting.length >= limits.callsPerBatchMax) sendNext(partition, line)
    if (line.isGathering || line.waiting.length === 0) return
    line.isGathering = true
    setImmediate(() => {
      line.isGathering = false
      sendNext(partition, line)
      tellIdle()
    })
  }

  function tellIdle(): void {
    if (onIdle.length > 0 && isIdle()) for (const resolve of onIdle.splice(0)) resolve()
  }

  function sendNext(partition: number, line: Line): void {
    while (line.waiting.length > 0 && line.sentAt.length < limits.batchesInFlightMax) {
      const batch = takeBatch(line)
      if (batch.length === 0) return
      send(partition, line, batch).catch(report)
    }
  }

  return {
    call(partition, call) {
      const line = lineOf(partition)
      if (waiting >= limits.waitingCallsMax || isBehind(line)) return Promise.resolve(overloaded)
      const { promise, resolve } = Promise.withResolvers<DoorAnswer | Refused>()
      waiting += 1
      line.waiting.push({ call, since: clock.now(), answer: resolve })
      sendSoon(partition, line)
      return promise
    },
    refuseNow() {
      if (waiting >= limits.waitingCallsMax) return overloaded
      if (isReadLate()) {
        // Hardly anybody is let in any more in this turn: the stream can answer those who were by its end.
        for (const [partition, line] of lines) sendNext(partition, line)
        return overloaded
      }
      // A line that is idle would take the call at once, and so would one that nobody has used yet.
      return lines.size >= partitions && [...lines.values()].every(isBehind) ? overloaded : null
    },
    idle() {
      if (isIdle()) return Promise.resolve()
      const { promise, resolve } = Promise.withResolvers<void>()
      onIdle.push(resolve)
      return promise
    },
  }
}
