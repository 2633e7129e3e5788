/**
 * The bytes of a stream's entry, the same in every stream adapter. An adapter stores next to them the format version and the
 * partition's epoch, and whether they are votes or a close marker.
 *
 * A vote: kind (1 byte), voter key (16), round (4), length of the poll id (1), poll id (UTF-8), number of options (1), option
 * ids (2 each, ascending). Integers are big-endian. The votes of an entry follow each other without anything between them,
 * so that a script at the stream's side only needs to join the bytes of those that it lets in; what it judges by stands at
 * places that it can cut out without understanding the rest: the voter key at `VOTER_AT`, the selection from `selectionAt` on.
 *
 * A close marker: round (4), poll id (UTF-8, to the end).
 */
import type { Selection, Vote, VoteKind, VoterKey } from '../domain/vote.ts'
import type { EntryContent } from '../ports/vote-stream.ts'

/** Grows with every change that an older reader would misread. Readers leave higher versions to newer readers. */
export const ENTRY_FORMAT_VERSION = 1

export const VOTER_AT = 1
const VOTER_BYTES = 16
const ROUND_AT = VOTER_AT + VOTER_BYTES
const POLL_ID_LENGTH_AT = ROUND_AT + 4
const POLL_ID_AT = POLL_ID_LENGTH_AT + 1
const POLL_ID_BYTES_MAX = 255
const OPTIONS_MAX = 255
/** What the ledger counts rounds and options in: an integer and a smallint. What it could refuse is unreadable already here. */
const ROUND_MAX = 0x7fff_ffff
const OPTION_ID_MAX = 0x7fff
/** As many votes as a position's index can tell apart. */
const ENTRY_VOTES_MAX = 65_536
/** Far above a useful batch. In PostgreSQL the index of a vote within its entry is a signed 16-bit number while it is judged. */
export const BATCH_CALLS_MAX = 32_767

const KINDS: readonly VoteKind[] = ['cast', 'change', 'retract']

/** What an adapter found in its stream: the bytes under their meaning. Null: there was nothing of that meaning. */
export type StoredEntry = {
  readonly formatVersion: number
  readonly votes: Uint8Array | null
  readonly close: Uint8Array | null
}

/** The bytes of one vote. Throws for what could not be read back, which only a bug can ask for. */
export function encodeVote(vote: Vote): Buffer {
  const pollIdBytes = Buffer.byteLength(vote.pollId)
  checkEncodable(vote, pollIdBytes)
  const bytes = Buffer.allocUnsafe(POLL_ID_AT + pollIdBytes + 1 + 2 * vote.selection.length)
  bytes[0] = KINDS.indexOf(vote.kind)
  const written = bytes.write(vote.voter, VOTER_AT, 'hex')
  if (written !== VOTER_BYTES || vote.voter.length !== 2 * VOTER_BYTES) throw new RangeError('not a voter key')
  bytes.writeUInt32BE(vote.round, ROUND_AT)
  bytes[POLL_ID_LENGTH_AT] = pollIdBytes
  bytes.write(vote.pollId, POLL_ID_AT)
  writeSelection(vote.selection, bytes, POLL_ID_AT + pollIdBytes)
  return bytes
}

/** Where the selection begins in the bytes of a vote for this poll. It goes to the end of the vote. */
export function selectionAt(pollId: string): number {
  return POLL_ID_AT + Buffer.byteLength(pollId)
}

/** The bytes of a selection as they stand in a vote: number of options (1), option ids (2 each). */
export function encodeSelection(selection: Selection): Buffer {
  const bytes = Buffer.allocUnsafe(1 + 2 * selection.length)
  writeSelection(selection, bytes, 0)
  return bytes
}

/** Reads a selection at `offset`; throws where the bytes are none. */
export function decodeSelection(bytes: Buffer, offset = 0): Selection {
  const count = bytes.readUInt8(offset)
  const selection: number[] = []
  for (let index = 0; index < count; index += 1) {
    const optionId = bytes.readUInt16BE(offset + 1 + 2 * index)
    selection.push(optionId)
  }
  checkSelection(selection)
  return selection
}

/** The format version where only a newer reader understands it, else null. */
export function newerFormat(formatVersion: number): number | null {
  return formatVersion > ENTRY_FORMAT_VERSION ? formatVersion : null
}

/** What an entry says. Never throws: bytes that nobody can read are content too, to be set aside. */
export function decodeEntry(stored: StoredEntry): EntryContent {
  const { formatVersion, votes, close } = stored
  if (newerFormat(formatVersion) !== null) return { type: 'newer', formatVersion }
  const bytes = asBuffer(votes ?? close ?? new Uint8Array())
  try {
    if (formatVersion !== ENTRY_FORMAT_VERSION) throw new RangeError(`there is no format version ${formatVersion}`)
    if (votes !== null && close === null) return { type: 'votes', votes: decodeVotes(bytes) }
    if (close !== null && votes === null) return decodeClose(bytes)
    throw new RangeError('neither votes nor a close marker')
  } catch (error) {
    // RangeError is what reading past the end throws as well; TypeError is what the UTF-8 decoder throws.
    if (!(error instanceof RangeError || error instanceof TypeError)) throw error
    const meaning = (votes === null) === (close === null) ? null : votes === null ? 'close' : 'votes'
    return { type: 'unreadable', reason: error.message, formatVersion, meaning, bytes }
  }
}

function decodeVotes(bytes: Buffer): readonly Vote[] {
  if (bytes.length === 0) throw new RangeError('no votes')
  const votes: Vote[] = []
  for (let at = 0; at < bytes.length;) {
    if (votes.length >= ENTRY_VOTES_MAX) throw new RangeError('too many votes')
    const kind = KINDS[bytes.readUInt8(at)]
    if (kind === undefined) throw new RangeError('no such kind of vote')
    const pollIdAt = at + POLL_ID_AT
    const pollIdEnd = pollIdAt + bytes.readUInt8(at + POLL_ID_LENGTH_AT)
    const selection = decodeSelection(bytes, pollIdEnd)
    if (kind === 'retract' && selection.length > 0) throw new RangeError('a retract with a selection')
    votes.push({
      pollId: decodePollId(bytes.subarray(pollIdAt, pollIdEnd)),
      round: decodeRound(bytes, at + ROUND_AT),
      // The cast brands 16 bytes in hexadecimal, which is what a voter key is.
      voter: bytes.toString('hex', at + VOTER_AT, at + ROUND_AT) as VoterKey,
      kind,
      selection,
    })
    at = pollIdEnd + 1 + 2 * selection.length
  }
  return votes
}

function decodeClose(bytes: Buffer): EntryContent {
  return { type: 'close', round: decodeRound(bytes, 0), pollId: decodePollId(bytes.subarray(4)) }
}

// The decoder that replaces broken characters would turn two different ids into one.
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function decodePollId(bytes: Buffer): string {
  if (bytes.length === 0) throw new RangeError('no poll id')
  if (bytes.length > POLL_ID_BYTES_MAX) throw new RangeError('too long for a poll id')
  if (bytes.includes(0)) throw new RangeError('U+0000 in a poll id')
  return utf8.decode(bytes)
}

function decodeRound(bytes: Buffer, offset: number): number {
  const round = bytes.readUInt32BE(offset)
  checkRound(round)
  return round
}

function writeSelection(selection: Selection, bytes: Buffer, offset: number): void {
  bytes[offset] = selection.length
  for (const [index, optionId] of selection.entries()) bytes.writeUInt16BE(optionId, offset + 1 + 2 * index)
}

function checkEncodable(vote: Vote, pollIdBytes: number): void {
  if (pollIdBytes < 1 || pollIdBytes > POLL_ID_BYTES_MAX || vote.pollId.includes('\0')) {
    throw new RangeError(`not a poll id: ${vote.pollId}`)
  }
  checkRound(vote.round)
  if (vote.selection.length > OPTIONS_MAX) throw new RangeError('too many options in a selection')
  if (vote.kind === 'retract' && vote.selection.length > 0) throw new RangeError('a retract with a selection')
  checkSelection(vote.selection)
}

function checkRound(round: number): void {
  if (round < 1 || round > ROUND_MAX) throw new RangeError(`no round ${round}`)
}

function checkSelection(selection: Selection): void {
  let before = 0
  for (const optionId of selection) {
    if (optionId < 1 || optionId > OPTION_ID_MAX) throw new RangeError(`no option ${optionId}`)
    if (optionId <= before) throw new RangeError('the options are not in ascending order')
    before = optionId
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
