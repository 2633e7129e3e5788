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

const MINOR_MAX = 0xffff_ffff
const INDEX_MAX = 0xffff

export function positionOf(epoch: number, entryId: EntryId, index: number): Position {
  const [major, minor] = parseEntryId(entryId)
  if (index > INDEX_MAX || minor > MINOR_MAX) throw new RangeError(`no position for ${entryId}, index ${index}`)
  // The cast brands a string that was just built to the form.
  return `${hex(epoch, 8)}${hex(major, 12)}${hex(minor, 8)}${hex(index, 4)}` as Position
}

/** Back from a position that was stored: 32 hexadecimal digits, anything else is a bug. */
export function parsePosition(text: string): Position {
  if (!/^[0-9a-f]{32}$/.test(text)) throw new Error(`not a position: ${text}`)
  // The cast brands a string that was just checked.
  return text as Position
}

/** The parts of a position: what `positionOf` was given. */
export function positionParts(position: Position): { epoch: number; entryId: EntryId; index: number } {
  const major = Number.parseInt(position.slice(8, 20), 16)
  const minor = Number.parseInt(position.slice(20, 28), 16)
  return {
    epoch: Number.parseInt(position.slice(0, 8), 16),
    entryId: `${major}-${minor}`,
    index: Number.parseInt(position.slice(28), 16),
  }
}

/** Negative where `a` stands before `b`, 0 where they are the same entry. */
export function compareEntryIds(a: EntryId, b: EntryId): number {
  const [aMajor, aMinor] = parseEntryId(a)
  const [bMajor, bMinor] = parseEntryId(b)
  return aMajor - bMajor || aMinor - bMinor
}

export function parseEntryId(entryId: EntryId): [major: number, minor: number] {
  const dash = entryId.indexOf('-')
  const major = Number(entryId.slice(0, dash))
  const minor = Number(entryId.slice(dash + 1))
  if (dash < 1 || !Number.isSafeInteger(major) || !Number.isSafeInteger(minor)) {
    throw new Error(`not an entry id: ${entryId}`)
  }
  return [major, minor]
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0')
}
