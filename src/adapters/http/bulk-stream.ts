import type { IncomingMessage, ServerResponse } from 'node:http'
import type { BulkAnswer, BulkIntake } from '../../application/cast-vote/cast-in-bulk.ts'
import { createCutLines, type Line } from './bulk-lines.ts'
import { readBulkVote } from './bulk-vote.ts'

export type BulkStreamLimits = {
  readonly lineBytesMax: number
  /** Lines whose votes are cast together, and answered together. */
  readonly linesPerBlockMax: number
  /** Blocks that were read and whose answers are not sent yet. With more the host is not read on. */
  readonly blocksInFlightMax: number
  /** Who sends no whole line for so long, and waits for no answer either, is given up. */
  readonly idleMsMax: number
  /** A request takes no longer. */
  readonly durationMsMax: number
  /** Who is given up gets this long to read its last answers. */
  readonly lingerMs: number
}

export const BULK_STREAM_LIMITS: BulkStreamLimits = {
  lineBytesMax: 4 * 1024,
  linesPerBlockMax: 2048,
  blocksInFlightMax: 4,
  idleMsMax: 10_000,
  durationMsMax: 10 * 60_000,
  lingerMs: 1_000,
}

/**
 * Answers a host's lines as they come, until its body ends; resolves when the last answer has gone out. Where the host breaks off,
 * or the signal says stop, what has been read is still cast. Where it is not read to its end the answer is cut off without its own end,
 * so that no client takes it for whole.
 */
export async function runBulkStream(
  request: IncomingMessage,
  response: ServerResponse,
  intake: BulkIntake,
  limits: BulkStreamLimits,
  signal: AbortSignal,
): Promise<void> {
  const body = readBody(request)
  const lines = createCutLines(limits.lineBytesMax)
  const flight = createFlight(response, intake, limits.blocksInFlightMax)
  const beganAt = performance.now()
  // Also where the host reads its answers drop by drop.
  const late = setTimeout(() => response.destroy(), limits.durationMsMax + limits.lingerMs)
  let piece: Buffer | BodyEnd = 'stopped'
  for (let heardAt = beganAt; ;) {
    const idleSince = Math.max(heardAt, flight.movedAt())
    const until = Math.min(idleSince + limits.idleMsMax, beganAt + limits.durationMsMax)
    const left = until - performance.now()
    if (left <= 0 || signal.aborted) break
    piece = await body.next(left, signal)
    if (piece === 'broken') break
    if (piece === 'stopped') continue
    const found = piece === 'ended' ? lines.end() : lines.push(piece)
    for (let at = 0; at < found.length; at += limits.linesPerBlockMax) {
      await flight.send(found.slice(at, at + limits.linesPerBlockMax))
    }
    if (piece === 'ended') break
    if (found.length > 0) heardAt = performance.now()
  }
  await flight.landed()
  clearTimeout(late)
  if (piece === 'ended') response.end()
  else cutOff(response, limits.lingerMs)
}

/** What has been written still goes out. */
function cutOff(response: ServerResponse, lingerMs: number): void {
  const { socket } = response
  if (socket === null || socket.destroyed) return
  // Node keeps what was written in this turn until its end, and would keep it for good.
  setImmediate(() => socket.end())
  const cut = setTimeout(() => socket.destroy(), lingerMs)
  socket.once('close', () => clearTimeout(cut))
}

/** `stopped`: the time is up or the signal has aborted. */
type BodyEnd = 'ended' | 'broken' | 'stopped'

/** The body piece by piece: everything that has come, once it is asked for. While nobody asks, the sender is held back. */
function readBody(request: IncomingMessage) {
  let wake: () => void = () => {}
  let end: BodyEnd | null = null
  const endAs = (how: BodyEnd) => (): void => {
    end ??= how
    wake()
  }
  request.on('readable', () => wake())
  request.once('end', endAs('ended'))
  request.once('close', endAs('broken'))
  request.on('error', endAs('broken'))

  async function wait(ms: number, signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    wake = () => resolve()
    const timer = setTimeout(wake, ms)
    signal.addEventListener('abort', wake, { once: true })
    await promise
    clearTimeout(timer)
    signal.removeEventListener('abort', wake)
    wake = () => {}
  }

  return {
    async next(withinMs: number, signal: AbortSignal): Promise<Buffer | BodyEnd> {
      const until = performance.now() + withinMs
      for (;;) {
        const left = until - performance.now()
        if (left <= 0 || signal.aborted) return 'stopped'
        // The cast: without an encoding a body is bytes.
        const piece = request.read() as Buffer | null
        if (piece !== null) return piece
        if (end !== null) return end
        await wait(left, signal)
      }
    },
  }
}

/** Blocks on their way to the door and back, whose answers are sent in the order in which their lines came. */
function createFlight(response: ServerResponse, intake: BulkIntake, blocksMax: number) {
  let inFlight = 0
  let movedAt = performance.now()
  let isGone = response.destroyed
  let landed = Promise.resolve()
  let onLanded: () => void = () => {}
  let onDrained: () => void = () => {}
  response.on('drain', () => onDrained())
  response.once('close', () => {
    isGone = true
    onDrained()
  })

  async function land(answers: Promise<readonly BulkAnswer[]>, before: Promise<void>): Promise<void> {
    await before
    const text = writeAnswers(await answers)
    // Whoever reads slowly holds back everything behind this.
    if (!isGone && !response.write(text)) await drained()
    inFlight -= 1
    movedAt = performance.now()
    onLanded()
  }

  async function drained(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    onDrained = resolve
    await promise
  }

  return {
    /** Resolves when there is room for another block. */
    async send(lines: readonly Line[]): Promise<void> {
      inFlight += 1
      landed = land(intake.cast(lines.map((line) => (typeof line === 'string' ? readBulkVote(line) : line))), landed)
      if (inFlight < blocksMax) return
      const { promise, resolve } = Promise.withResolvers<void>()
      onLanded = resolve
      await promise
    },
    /** When the last block landed; now, while one has not. */
    movedAt: () => (inFlight > 0 ? performance.now() : movedAt),
    /** Resolves when nothing is on its way any more. */
    landed: () => landed,
  }
}

function writeAnswers(answers: readonly BulkAnswer[]): string {
  let text = ''
  for (const answer of answers) {
    text +=
      typeof answer === 'string'
        ? `{"vote_id":"${answer}","status":"accepted"}\n`
        : `${JSON.stringify({ code: answer.refused, detail: answer.detail })}\n`
  }
  return text
}
