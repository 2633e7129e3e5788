/**
 * Where a vote stands in its partition: epoch, entry of the stream, place within the entry.
 *
 * Written as 32 hexadecimal digits (epoch 8, entry 12 + 8, index 4), so that comparing the strings, or the 16 bytes that
 * they spell, compares the positions: a voter's later vote always has the higher position. The epoch comes first because a
 * stream that lost its log may hand out smaller entry ids than the ledger has already seen.
 */
export type Position = string & { readonly brand: 'Position' }

/** Names one entry of a partition's stream: `<major>-<minor>`, growing. `0-0` stands before the first entry. */
export type EntryId = `${number}-${number}`

export const STREAM_START: EntryId = '0-0'

/** How far a partition is recorded. `epoch` grows when the stream lost its log. */
export type Checkpoint = { readonly partition: number; readonly epoch: number; readonly recorded: EntryId }

const MAJOR_MAX = 0xffff_ffff_ffff
const MINOR_MAX = 0xffff_ffff
const INDEX_MAX = 0xffff

export function positionOf(epoch: number, entryId: EntryId, index: number): Position {
  if (index > INDEX_MAX || !hasPosition(entryId)) throw new RangeError(`no position for ${entryId}, index ${index}`)
  return nearestPosition(epoch, entryId, index)
}

/** Whether positions reach this entry. Not the ids of a stream that somebody wrote far into the future by hand. */
export function hasPosition(entryId: EntryId): boolean {
  const [major, minor] = parseEntryId(entryId)
  return major <= MAJOR_MAX && minor <= MINOR_MAX
}

/** The position, or for an entry that positions do not reach the nearest one. */
export function nearestPosition(epoch: number, entryId: EntryId, index: number): Position {
  const [major, minor] = parseEntryId(entryId)
  const entry = `${hex(Math.min(major, MAJOR_MAX), 12)}${hex(Math.min(minor, MINOR_MAX), 8)}`
  // The cast brands a string that was just built to the form.
  return `${hex(epoch, 8)}${entry}${hex(index, 4)}` as Position
}

/** Whether it may be the nearest place of an entry that positions do not reach: of two such nobody knows which is the later one. */
export function isBeyondReach(position: Position): boolean {
  return position.slice(8, 20) === hex(MAJOR_MAX, 12) || position.slice(20, 28) === hex(MINOR_MAX, 8)
}

/** The position of another vote of the same entry. */
export function withIndex(position: Position, index: number): Position {
  return `${position.slice(0, 28)}${hex(index, 4)}` as Position // The cast: the last part in the same form.
}

/** Back from a position that was stored: 32 hexadecimal digits, anything else is a bug. */
export function parsePosition(text: string): Position {
  if (!/^[0-9a-f]{32}$/.test(text)) throw new Error(`not a position: ${text}`)
  // The cast brands a string that was just checked.
  return text as Position
}

/** The entry that the position lies in. */
export function entryOf(position: Position): EntryId {
  const [major, minor] = [position.slice(8, 20), position.slice(20, 28)]
  return `${Number.parseInt(major, 16)}-${Number.parseInt(minor, 16)}`
}

/** Negative where `a` stands before `b`, 0 where they are the same entry. Exact for all 64 bits that a stream may count in. */
export function compareEntryIds(a: EntryId, b: EntryId): number {
  const [aMajor, aMinor] = splitEntryId(a)
  const [bMajor, bMinor] = splitEntryId(b)
  return compareWhole(aMajor, bMajor) || compareWhole(aMinor, bMinor)
}

/** Both parts as numbers, which are exact up to 2^53. */
export function parseEntryId(entryId: EntryId): [major: number, minor: number] {
  const [major, minor] = splitEntryId(entryId)
  return [Number(major), Number(minor)]
}

function splitEntryId(entryId: EntryId): [major: string, minor: string] {
  const dash = entryId.indexOf('-')
  const parts: [string, string] = [entryId.slice(0, dash), entryId.slice(dash + 1)]
  if (dash < 1 || !parts.every((part) => wholeNumber.test(part))) throw new Error(`not an entry id: ${entryId}`)
  return parts
}

const wholeNumber = /^(?:0|[1-9]\d*)$/

/** Of two whole numbers without leading zeros the longer one is the larger one. */
function compareWhole(a: string, b: string): number {
  if (a.length !== b.length) return a.length - b.length
  if (a === b) return 0
  return a < b ? -1 : 1
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0')
}
