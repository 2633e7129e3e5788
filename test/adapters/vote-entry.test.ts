import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  decodeEntry,
  decodeSelection,
  encodeSelection,
  encodeVote,
  ENTRY_FORMAT_VERSION,
  selectionAt,
  VOTER_AT,
} from '../../src/adapters/vote-entry.ts'
import type { Selection, Vote, VoterKey } from '../../src/domain/vote.ts'
import type { EntryContent } from '../../src/ports/vote-stream.ts'

const selections: fc.Arbitrary<Selection> = fc
  .uniqueArray(fc.integer({ min: 1, max: 32_767 }), { maxLength: 100 })
  .map((ids) => ids.toSorted((a, b) => a - b))
const pollIds = fc.oneof(
  fc.stringMatching(/^[A-Za-z0-9_-]{12,22}$/),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 9 }).filter((id) => id.isWellFormed() && !id.includes('\0')),
)
const rounds = fc.integer({ min: 1, max: 0x7fff_ffff })
const votes: fc.Arbitrary<Vote> = fc
  .record({
    pollId: pollIds,
    round: rounds,
    // The cast brands 32 hexadecimal digits.
    voter: fc.stringMatching(/^[0-9a-f]{32}$/).map((key) => key as VoterKey),
    kind: fc.constantFrom('cast', 'change', 'retract'),
    selection: selections,
  })
  .map((vote) => (vote.kind === 'retract' ? { ...vote, selection: [] } : vote))

const stored = (bytes: Uint8Array) => ({ formatVersion: ENTRY_FORMAT_VERSION, votes: bytes, close: null })

test('votes come back from their joined bytes as they were, in their order', () => {
  fc.assert(
    fc.property(fc.array(votes, { minLength: 1, maxLength: 20 }), (all) => {
      expect(decodeEntry(stored(Buffer.concat(all.map(encodeVote))))).toEqual({ type: 'votes', votes: all })
    }),
  )
})

test('voter key and selection stand at the places that a script may cut out', () => {
  fc.assert(
    fc.property(votes, (vote) => {
      const bytes = encodeVote(vote)
      expect(bytes.toString('hex', VOTER_AT, VOTER_AT + 16)).toBe(vote.voter)
      expect(bytes.subarray(selectionAt(vote.pollId))).toEqual(encodeSelection(vote.selection))
      expect(decodeSelection(encodeSelection(vote.selection))).toEqual(vote.selection)
    }),
  )
})

/** As the script of the Redis door writes a close marker. */
function encodeClose(pollId: string, round: number): Buffer {
  const bytes = Buffer.allocUnsafe(4 + Buffer.byteLength(pollId))
  bytes.writeUInt32BE(round, 0)
  bytes.write(pollId, 4)
  return bytes
}

test('a close marker comes back as it was', () => {
  fc.assert(
    fc.property(pollIds, rounds, (pollId, round) => {
      const close = encodeClose(pollId, round)
      expect(decodeEntry({ formatVersion: 1, votes: null, close })).toEqual({ type: 'close', pollId, round })
    }),
  )
})

test('any bytes are either votes that encode to the same bytes, or unreadable; none throws', () => {
  const anyBytes = fc.oneof(fc.uint8Array({ maxLength: 80 }), damagedVotes())
  fc.assert(
    fc.property(anyBytes, (bytes) => {
      const content = decodeEntry(stored(bytes))
      const kept = content.type === 'votes' ? Buffer.concat(content.votes.map(encodeVote)) : bytesOf(content)
      expect(kept).toEqual(Buffer.from(bytes))
    }),
    { numRuns: 2000 },
  )
})

test('cut or lengthened bytes are unreadable', () => {
  fc.assert(
    fc.property(votes, fc.nat(), (vote, cut) => {
      const bytes = encodeVote(vote)
      expect(decodeEntry(stored(bytes.subarray(0, cut % bytes.length))).type).toBe('unreadable')
      expect(decodeEntry(stored(Buffer.concat([bytes, Buffer.from([0])]))).type).toBe('unreadable')
    }),
  )
})

test('an entry of a newer format is left to a newer reader, whatever it holds', () => {
  const newer = { formatVersion: ENTRY_FORMAT_VERSION + 1, votes: Buffer.from('?'), close: null }
  expect(decodeEntry(newer)).toEqual({ type: 'newer', formatVersion: ENTRY_FORMAT_VERSION + 1 })
})

test.each([
  ['without a content', { formatVersion: 1, votes: null, close: null }],
  ['with both contents', { formatVersion: 1, votes: Buffer.from([0]), close: encodeClose('poll', 1) }],
  ['without a format version', { formatVersion: Number.NaN, votes: null, close: encodeClose('poll', 1) }],
  ['of format version 0', { formatVersion: 0, votes: null, close: encodeClose('poll', 1) }],
  ['that marks no poll', { formatVersion: 1, votes: null, close: Buffer.from([0, 0, 0, 1]) }],
  ['whose poll id is no text', { formatVersion: 1, votes: null, close: Buffer.from([0, 0, 0, 1, 0xff]) }],
])('an entry %s is unreadable', (_what, entry) => {
  expect(decodeEntry(entry).type).toBe('unreadable')
})

/** The bytes of a vote for option 1 and 2 of `poll`, with others in the place of some. */
const voteBytes = (...changes: readonly (readonly [at: number, ...bytes: readonly number[]])[]): Buffer => {
  // The cast brands 32 hexadecimal digits.
  const voter = 'ab'.repeat(16) as VoterKey
  const bytes = encodeVote({ pollId: 'poll', round: 1, voter, kind: 'cast', selection: [1, 2] })
  for (const [at, ...others] of changes) bytes.set(others, at)
  return bytes
}
const roundAt = VOTER_AT + 16
const idAt = roundAt + 5
const optionsAt = selectionAt('poll') + 1

test.each([
  ['a round of 0', voteBytes([roundAt, 0, 0, 0, 0])],
  ['a round above what the ledger counts in', voteBytes([roundAt, 0x80, 0, 0, 0])],
  ['a poll id with U+0000', voteBytes([idAt, 0])],
  ['option 0', voteBytes([optionsAt, 0, 0])],
  ['an option twice', voteBytes([optionsAt, 0, 2])],
  ['an option above 32767', voteBytes([optionsAt + 2, 0x80, 0])],
])('a vote with %s is unreadable', (_what, bytes) => {
  expect(decodeEntry(stored(voteBytes())).type).toBe('votes')
  expect(decodeEntry(stored(bytes)).type).toBe('unreadable')
  expect(decodeEntry(stored(Buffer.concat([voteBytes(), bytes]))).type).toBe('unreadable')
})

test.each([
  ['a round of 0', encodeClose('poll', 0)],
  ['a round above what the ledger counts in', encodeClose('poll', 0x8000_0000)],
  ['a poll id with U+0000', encodeClose('po\0ll', 1)],
  ['a poll id of more than 255 bytes', encodeClose('é'.repeat(128), 1)],
])('a close marker with %s is unreadable', (_what, close) => {
  expect(decodeEntry({ formatVersion: 1, votes: null, close }).type).toBe('unreadable')
})

test('what could not be read back is not written', () => {
  // The cast brands 32 hexadecimal digits.
  const vote: Vote = { pollId: 'poll', round: 1, voter: 'ab'.repeat(16) as VoterKey, kind: 'cast', selection: [1] }
  expect(() => encodeVote({ ...vote, selection: [2, 1] })).toThrow(RangeError)
  expect(() => encodeVote({ ...vote, selection: [70_000] })).toThrow(RangeError)
  expect(() => encodeVote({ ...vote, selection: [32_768] })).toThrow(RangeError)
  expect(() => encodeVote({ ...vote, selection: [0] })).toThrow(RangeError)
  expect(() => encodeVote({ ...vote, round: 0 })).toThrow(RangeError)
  expect(() => encodeVote({ ...vote, round: 0x8000_0000 })).toThrow(RangeError)
  expect(() => encodeVote({ ...vote, pollId: 'po\0ll' })).toThrow(RangeError)
  expect(() => encodeVote({ ...vote, kind: 'retract' })).toThrow(RangeError)
  expect(() => encodeVote({ ...vote, pollId: '' })).toThrow(RangeError)
  // The cast lies on purpose: too short for a voter key.
  expect(() => encodeVote({ ...vote, voter: 'ab' as VoterKey })).toThrow(RangeError)
})

function damagedVotes(): fc.Arbitrary<Uint8Array> {
  return fc.tuple(votes, fc.nat(), fc.nat(255)).map(([vote, at, value]) => {
    const bytes = encodeVote(vote)
    bytes[at % bytes.length] = value
    return bytes
  })
}

function bytesOf(content: EntryContent): Uint8Array | null {
  return content.type === 'unreadable' ? content.bytes : null
}
