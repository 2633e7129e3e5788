import { randomBytes, timingSafeEqual } from 'node:crypto'
import type { Poll } from '../../domain/poll.ts'
import { type Refused, refuse } from '../../domain/refusal.ts'
import type { VoterKey } from '../../domain/vote.ts'
import { createKeyedHash } from '../keyed-hash.ts'

/** What a request shows of its voter: `Voter-Token`, the session cookie, and an Idempotency-Key that `readRequestKey` took. */
export type VoterCredentials = {
  readonly voterToken: string | null
  readonly sessionCookie: string | null
  readonly requestKey: string | null
}

/** A session names one browser or client; its token is what that one keeps. */
export type Session = { readonly id: Buffer; readonly token: string; readonly expiresAt: number }

/** `newSession` must reach the voter with the answer, or the next request is somebody else. */
export type IdentifiedVoter = { readonly voter: VoterKey; readonly newSession: Session | null }

export type IdentifyVoter = {
  /** Who votes. Makes a session where the poll needs one and the request has none. */
  identify(poll: Pick<Poll, 'id' | 'voterIdentity'>, shown: VoterCredentials): IdentifiedVoter | Refused
  /** Who asks, where it can be known: null for one who has not voted, since the vote would have given a session. */
  recognise(poll: Pick<Poll, 'id' | 'voterIdentity'>, shown: VoterCredentials): VoterKey | null | Refused
  /** The session that the request shows, with its life begun anew, or a new one. */
  session(shown: Omit<VoterCredentials, 'requestKey'>): Session | Refused
}

export type IdentifyVoterKeys = {
  readonly voterPepper: Uint8Array
  /** The first signs, all of them verify: so a new one can be put before the old one. */
  readonly sessionSecrets: readonly Uint8Array[]
  /** Derives the session of a request that shows nothing but an Idempotency-Key. */
  readonly service: Uint8Array
}

const sessionLifeMs = 365 * 24 * 60 * 60 * 1000
const formatVersion = 1
const idBytes = 16
const signedBytes = 1 + idBytes + 6
const signatureBytes = 16
export const voterKeyBytes = 16

/** Everything that says who a voter is. `now` gives milliseconds since 1970. */
export function createIdentifyVoter(keys: IdentifyVoterKeys, now: () => number = Date.now): IdentifyVoter {
  const hashVoter = createKeyedHash(keys.voterPepper, 'voter key')
  const hashRequestKey = createKeyedHash(keys.service, 'session of a request key')
  const signatures = keys.sessionSecrets.map((secret) => createKeyedHash(secret, 'session'))
  const sign = signatures[0]
  if (sign === undefined) throw new Error('sessions need at least one secret')

  function makeSession(id: Buffer): Session {
    const expiresAt = now() + sessionLifeMs
    const signed = Buffer.alloc(signedBytes)
    signed.writeUInt8(formatVersion, 0)
    id.copy(signed, 1)
    signed.writeUIntBE(expiresAt, 1 + idBytes, 6)
    // `sign` was checked above; a closure does not remember it.
    const signature = sign!(signed).subarray(0, signatureBytes)
    return { id, token: Buffer.concat([signed, signature]).toString('base64url'), expiresAt }
  }

  function readSession(token: string): Session | null {
    const bytes = Buffer.from(token, 'base64url')
    if (bytes.length !== signedBytes + signatureBytes || bytes.toString('base64url') !== token) return null
    const signed = bytes.subarray(0, signedBytes)
    const signature = bytes.subarray(signedBytes)
    const isOurs = signatures.some((hash) => timingSafeEqual(hash(signed).subarray(0, signatureBytes), signature))
    const expiresAt = signed.readUIntBE(1 + idBytes, 6)
    if (!isOurs || signed.readUInt8(0) !== formatVersion || expiresAt <= now()) return null
    return { id: signed.subarray(1, 1 + idBytes), token, expiresAt }
  }

  /** A bad header was put there by a program, which should know. A bad cookie is an old one, and its owner can do nothing. */
  function shownSession(shown: Omit<VoterCredentials, 'requestKey'>): Session | null | Refused {
    if (shown.voterToken !== null) {
      return readSession(shown.voterToken) ?? refuse('token_invalid', 'The Voter-Token is not valid or has expired.')
    }
    return shown.sessionCookie === null ? null : readSession(shown.sessionCookie)
  }

  function voterKey(pollId: string, kind: 'session' | 'request', subject: string | Uint8Array): VoterKey {
    // The cast brands what is a voter key by definition.
    return hashVoter(beforeSubject(pollId, kind), subject).toString('hex', 0, voterKeyBytes) as VoterKey
  }

  function recognise(
    poll: Pick<Poll, 'id' | 'voterIdentity'>,
    shown: VoterCredentials,
  ): ReturnType<IdentifyVoter['recognise']> {
    switch (poll.voterIdentity) {
      case 'none':
        return shown.requestKey === null ? null : voterKey(poll.id, 'request', shown.requestKey)
      case 'session': {
        const session = shownSession(shown)
        if (session === null || 'refused' in session) return session
        return voterKey(poll.id, 'session', session.id)
      }
      case 'token':
      case 'code':
        return refuse(
          'unauthenticated',
          `This poll asks its voters for a ${poll.voterIdentity}, which is not offered yet.`,
        )
    }
  }

  return {
    recognise,
    identify(poll, shown) {
      const known = recognise(poll, shown)
      if (known !== null) return typeof known === 'string' ? { voter: known, newSession: null } : known
      if (poll.voterIdentity === 'none') {
        return { voter: voterKey(poll.id, 'request', randomBytes(idBytes)), newSession: null }
      }
      // The first answer may get lost together with its cookie: the repeated request leads to the same session.
      const id =
        shown.requestKey === null ? randomBytes(idBytes) : hashRequestKey(shown.requestKey).subarray(0, idBytes)
      return { voter: voterKey(poll.id, 'session', id), newSession: makeSession(id) }
    },
    session(shown) {
      const session = shownSession(shown)
      if (session !== null && 'refused' in session) return session
      return makeSession(session?.id ?? randomBytes(idBytes))
    },
  }
}

/**
 * What is hashed in front of a subject, so that nobody of one kind can be taken for somebody of another; `token` are those whom a host
 * names. The poll id is random and without spaces, so subject and poll cannot be split in two ways.
 */
export function beforeSubject(pollId: string, kind: 'session' | 'request' | 'token'): string {
  return `${pollId} ${kind} `
}
