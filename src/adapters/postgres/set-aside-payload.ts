import type { Vote, VoteKind, VoterKey } from '../../domain/vote.ts'
import type { StoredEntry } from '../vote-entry.ts'

/** What a row of `set_aside` keeps of the stream's entry. */
export type SetAsidePayload = { readonly detail: string | null } & (
  | { readonly type: 'vote'; readonly vote: Omit<Vote, 'pollId'> }
  | { readonly type: 'close'; readonly round: number }
  /** `entry` is what the stream held, for a reader of today to try; null where only a part of it was kept. */
  | { readonly type: 'unread'; readonly bytes: Buffer; readonly length: number; readonly entry: StoredEntry | null }
)

/**
 * In SQL: the round that what was set aside says it is of; null where it says none. By a pattern, since a text that is no JSON must not fail,
 * nor a number that is none of a round. Within a value of JSON quotes are escaped, so no value is taken for it.
 */
export function roundOf(payload: string): string {
  return `substring(${payload} from '"round" ?: ?([0-9]{1,9})[^0-9]')::integer`
}

type Fields = Readonly<Record<string, unknown>>

/** Never throws: a text that is none of ours is shown as it stands. */
export function readPayload(text: string): SetAsidePayload {
  const fields = parseFields(text)
  const detail = typeof fields?.['reason'] === 'string' ? fields['reason'] : null
  if (fields === null) return { type: 'unread', detail, ...whole(Buffer.from(text)), entry: null }
  if (fields['closes'] === true) return { type: 'close', detail, round: Number(fields['round']) }
  if (typeof fields['bytes'] === 'string') return { detail, ...readBytes(fields['bytes'], fields) }
  const vote = readVote(fields)
  if (vote === null) return { type: 'unread', detail, ...whole(Buffer.from(text)), entry: null }
  return { type: 'vote', detail, vote }
}

function parseFields(text: string): Fields | null {
  try {
    const parsed: unknown = JSON.parse(text)
    // The cast: an object of JSON has names and values that are yet to be looked at.
    return typeof parsed === 'object' && parsed !== null ? (parsed as Fields) : null
  } catch {
    return null
  }
}

function readVote({ round, voter, kind, selection }: Fields): Omit<Vote, 'pollId'> | null {
  if (typeof round !== 'number' || typeof voter !== 'string' || !/^[0-9a-f]{32}$/.test(voter)) return null
  if (!isKind(kind) || !Array.isArray(selection)) return null
  // The cast brands what was just checked.
  return { round, voter: voter as VoterKey, kind, selection: selection.map(Number) }
}

function isKind(kind: unknown): kind is VoteKind {
  return kind === 'cast' || kind === 'change' || kind === 'retract'
}

function readBytes(base64: string, { formatVersion, meaning, length }: Fields) {
  const { bytes, length: kept } = whole(Buffer.from(base64, 'base64'))
  const isWhole = length === kept && (meaning === 'votes' || meaning === 'close')
  const entry: StoredEntry = {
    formatVersion: typeof formatVersion === 'number' ? formatVersion : Number.NaN,
    votes: meaning === 'votes' ? bytes : null,
    close: meaning === 'close' ? bytes : null,
  }
  return {
    type: 'unread',
    bytes,
    length: typeof length === 'number' ? length : kept,
    entry: isWhole ? entry : null,
  } as const
}

function whole(bytes: Buffer) {
  return { bytes, length: bytes.length }
}
