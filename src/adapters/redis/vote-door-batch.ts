import { randomInt } from 'node:crypto'
import { type EntryId, parsePosition, type Position, positionOf, withIndex } from '../../domain/position.ts'
import type { Selection, VoteKind } from '../../domain/vote.ts'
import type { DoorAnswer, DoorCall } from '../../ports/vote-door.ts'
import { decodeSelection, ENTRY_FORMAT_VERSION, encodeSelection, encodeVote, selectionAt } from '../vote-entry.ts'
import type { ScriptArgument } from './scripts.ts'

const POSITION_BYTES = 16
const REQUEST_BYTES = 16
const noRequest = Buffer.alloc(0)

/** A batch as the script takes it. */
export type DoorBatch = {
  readonly pollIds: readonly string[]
  /** The calls by poll: the place that the n-th call of the script has among the calls as they came. */
  readonly order: readonly number[]
  readonly parameters: readonly ScriptArgument[]
}

/**
 * Sorts the calls by poll, so that the script looks at a door once. Calls of one poll stay in their order; calls of two polls
 * never meet, so nobody can tell in which order they were judged.
 */
export function packBatch(calls: readonly DoorCall[], mustWrite: boolean, unrecordedVotesMax: number): DoorBatch {
  const byPoll = new Map<string, number[]>()
  for (const [place, { pollId }] of calls.entries()) {
    const places = byPoll.get(pollId)
    if (places === undefined) byPoll.set(pollId, [place])
    else places.push(place)
  }
  const pollIds = [...byPoll.keys()]
  const runs: ScriptArgument[] = []
  let runCount = 0
  for (const [number, [pollId, places]] of [...byPoll].entries()) {
    for (const run of splitRuns(places, calls)) {
      packRun(run, number + 1, pollId, runs)
      runCount += 1
    }
  }
  const head = [ENTRY_FORMAT_VERSION, mustWrite ? '1' : '0', unrecordedVotesMax, pollIds.length, ...pollIds, runCount]
  return { pollIds, order: [...byPoll.values()].flat(), parameters: [...head, ...runs, drawEntryNumber()] }
}

/** Half of what the second part of an id takes in a position, so that there is room for as many ids behind it. */
const entryNumbers = 2 ** 31

/** For the id of an entry: whoever appends to another copy of the log in the same millisecond draws another one, most likely. */
export function drawEntryNumber(): number {
  return randomInt(1, entryNumbers)
}

/** Rows of calls that were checked against the same definition. */
function splitRuns(places: readonly number[], calls: readonly DoorCall[]): readonly (readonly DoorCall[])[] {
  const runs: DoorCall[][] = []
  for (const place of places) {
    // The places are those of the calls.
    const call = calls[place]!
    const run = runs.at(-1)
    if (run?.[0]?.round === call.round && run[0].revision === call.revision) run.push(call)
    else runs.push([call])
  }
  return runs
}

function packRun(run: readonly DoorCall[], pollNumber: number, pollId: string, into: ScriptArgument[]): void {
  // A run has at least the call that it began with.
  const { round, revision } = run[0]!
  const hasRequests = run.some((call) => call.requestKey !== null)
  // Lua counts from 1.
  into.push(pollNumber, round, revision, selectionAt(pollId) + 1, hasRequests ? 2 : 1, run.length)
  for (const call of run) {
    into.push(encodeVote(call))
    if (hasRequests) into.push(packRequest(call))
  }
}

function packRequest({ requestKey, kind, selection }: DoorCall): Buffer {
  if (requestKey === null) return noRequest
  const bytes = Buffer.allocUnsafe(REQUEST_BYTES)
  if (requestKey.length !== 16 || bytes.write(requestKey, 0, 'hex') !== 8) throw new RangeError('not a request key')
  writeAsked(kind, selection, bytes)
  return bytes
}

/**
 * A hash of what a request asks for (FNV-1a, twice 32 bits). It need not withstand anybody: who makes two of its own requests
 * collide is answered as if they asked the same.
 */
function writeAsked(kind: VoteKind, selection: Selection, into: Buffer): void {
  let low = 0x811c9dc5 ^ kind.length
  let high = 0xcbf29ce4
  const mix = (byte: number): void => {
    low = Math.imul(low ^ byte, 0x01000193)
    high = Math.imul(high ^ (byte + 0x9e), 0x01000193)
  }
  mix(kind.charCodeAt(1))
  for (const byte of encodeSelection(selection)) mix(byte)
  into.writeInt32BE(low | 0, 8)
  into.writeInt32BE(high | 0, 12)
}

const refusals: Readonly<Record<string, DoorAnswer>> = {
  v: { answer: 'already_voted' },
  n: { answer: 'no_vote' },
  k: { answer: 'idempotency_key_reused' },
  c: { answer: 'poll_closed' },
  s: { answer: 'definition_stale' },
  m: { answer: 'door_missing' },
  o: { answer: 'overloaded' },
}

/** The script's answer, in the order in which the calls came. */
export function unpackAnswers(reply: unknown, { order }: DoorBatch): readonly DoorAnswer[] {
  // The cast names what the script returns, four strings.
  const [epoch, entryId, letters, positions] = reply as readonly [Buffer, Buffer, Buffer, Buffer]
  const entry = entryId.toString() as EntryId // what XADD returned; '' where no letter says 'a'
  const first = entryId.length === 0 ? null : positionOf(Number(epoch.toString()), entry, 0)
  const answers: DoorAnswer[] = Array.from({ length: order.length })
  let accepted = 0
  let repeated = 0
  for (const [n, letter] of letters.toString('latin1').split('').entries()) {
    const place = order[n]
    if (place === undefined) throw new Error('the door answered more calls than it was asked')
    if (letter === 'a') {
      if (first === null) throw new Error('the door let a vote in and names no entry')
      answers[place] = acceptedAt(withIndex(first, accepted), false)
      accepted += 1
    } else if (letter === 'r') {
      answers[place] = acceptedAt(readPosition(positions, repeated * POSITION_BYTES), true)
      repeated += 1
    } else {
      const refusal = refusals[letter]
      if (refusal === undefined) throw new Error(`the door answered ${letter}`)
      answers[place] = refusal
    }
  }
  if (letters.length !== order.length) throw new Error('the door left calls without an answer')
  return answers
}

/** What the door keeps of a voter: position (16 bytes), selection, then the last requests, which only the script reads. */
export function packVoter(position: Position, selection: Selection): Buffer {
  return Buffer.concat([Buffer.from(position, 'hex'), encodeSelection(selection)])
}

export function unpackVoter(value: Buffer): { readonly position: Position; readonly selection: Selection } {
  return { position: readPosition(value, 0), selection: decodeSelection(value, POSITION_BYTES) }
}

function acceptedAt(position: Position, isRepeated: boolean): DoorAnswer {
  return { answer: 'accepted', position, isRepeated }
}

function readPosition(bytes: Buffer, offset: number): Position {
  return parsePosition(bytes.toString('hex', offset, offset + POSITION_BYTES))
}
