import type { VoterKey } from '../../domain/vote.ts'
import { createKeyedHashOfMany, HASH_BYTES } from '../keyed-hash.ts'
import { beforeSubject, voterKeyBytes, voterKeyPurpose } from './voter-key.ts'

/** The voter keys of those whom a host names so, in their order. Texts MUST be well-formed: halves of a character would all be one voter. */
export type NameVoters = (pollId: string, subjects: readonly string[]) => readonly VoterKey[]

/**
 * Voters whom a host names, many at once: the keys that a token of that host with the same `sub` leads to. They lie apart from those of
 * sessions and requests, so nobody can take the place of one of them.
 */
export function createNameVoters(voterPepper: Uint8Array): NameVoters {
  const hashVoters = createKeyedHashOfMany(voterPepper, voterKeyPurpose)

  return (pollId, subjects) => {
    const before = beforeSubject(pollId, 'token')
    let text = ''
    const ends: number[] = []
    for (const subject of subjects) {
      text += before + subject
      ends.push(text.length)
    }
    const bytes = Buffer.from(text)
    // In most hosts a name has one byte per character.
    if (bytes.length !== text.length) measureBytes(before, subjects, ends)
    const digits = hashVoters(bytes, ends).toString('hex')
    return subjects.map((_subject, n) => {
      const at = n * 2 * HASH_BYTES
      // The cast brands what is a voter key by definition.
      return digits.slice(at, at + 2 * voterKeyBytes) as VoterKey
    })
  }
}

function measureBytes(before: string, subjects: readonly string[], ends: number[]): void {
  let end = 0
  for (const [n, subject] of subjects.entries()) {
    end += Buffer.byteLength(before) + Buffer.byteLength(subject)
    ends[n] = end
  }
}
