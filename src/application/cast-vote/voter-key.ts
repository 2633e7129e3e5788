import type { VoterKey } from '../../domain/vote.ts'
import { createKeyedHash } from '../keyed-hash.ts'

/** What a voter is known by: a session, a request, the name that a host has for them, a voting code. */
type SubjectKind = 'session' | 'request' | 'token' | 'code'

export type HashVoter = (pollId: string, kind: SubjectKind, subject: string | Uint8Array) => VoterKey

export const voterKeyBytes = 16
/** Of the pepper. */
export const voterKeyPurpose = 'voter key'

/** Makes voter keys, one at a time. */
export function createHashVoter(voterPepper: Uint8Array): HashVoter {
  const hash = createKeyedHash(voterPepper, voterKeyPurpose)
  // The cast brands what is a voter key by definition.
  return (pollId, kind, subject) =>
    hash(beforeSubject(pollId, kind), subject).toString('hex', 0, voterKeyBytes) as VoterKey
}

/**
 * What is hashed in front of a subject, so that nobody of one kind can be taken for somebody of another; `token` are those whom a host
 * names. The poll id is random and without spaces, so subject and poll cannot be split in two ways.
 */
export function beforeSubject(pollId: string, kind: SubjectKind): string {
  return `${pollId} ${kind} `
}
