import { randomBytes, timingSafeEqual } from 'node:crypto'
import type { Poll, VoterIdentity } from '../../domain/poll.ts'
import { isRefused, type Refused, refuse } from '../../domain/refusal.ts'
import type { VoterKey } from '../../domain/vote.ts'
import type { HostTokens } from '../../ports/host-tokens.ts'
import { createKeyedHash } from '../keyed-hash.ts'
import { createVotingCodes } from '../voting-codes.ts'
import { createHashVoter } from './voter-key.ts'

/** What a request shows of its voter: `Voter-Token` (a session, a host's token or a voting code), the session cookie, and an Idempotency-Key that `readRequestKey` took. */
export type VoterCredentials = {
  readonly voterToken: string | null
  readonly sessionCookie: string | null
  readonly requestKey: string | null
  /** Where it came from. Not given: that limits nobody. */
  readonly address?: string
}

/** A session names one browser or client; its token is what that one keeps. */
export type Session = { readonly id: Buffer; readonly token: string; readonly expiresAt: number }

/** `newSession` must reach the voter with the answer, or the next request is somebody else. */
export type IdentifiedVoter = { readonly voter: VoterKey; readonly newSession: Session | null }

/** At once where all is known here; a token of a host is looked at first, with keys that may have to be fetched. */
type MaybeLater<Value> = Value | Promise<Value>
type PollIdentity = Pick<Poll, 'id' | 'voterIdentity'>
type Recognised = VoterKey | null | Refused

export type IdentifyVoter = {
  /** Who votes. Makes a session where the poll needs one and the request has none. */
  identify(poll: PollIdentity, shown: VoterCredentials): MaybeLater<IdentifiedVoter | Refused>
  /** Who asks, where it can be known: null for one who shows nothing, and has not voted then, since the vote would have given a session. */
  recognise(poll: PollIdentity, shown: VoterCredentials): MaybeLater<Recognised>
  /** The session that the request shows, with its life begun anew, or a new one: the same each time for the same request key. */
  session(shown: VoterCredentials): Session | Refused
}

export type IdentifyVoterKeys = {
  readonly voterPepper: Uint8Array
  /** The first signs, all of them verify: so a new one can be put before the old one. */
  readonly sessionSecrets: readonly Uint8Array[]
  /** Derives the session of a request that shows nothing but an Idempotency-Key, and proves voting codes. */
  readonly service: Uint8Array
}

const sessionLifeMs = 365 * 24 * 60 * 60 * 1000
const formatVersion = 1
const idBytes = 16
const signedBytes = 1 + idBytes + 6
const signatureBytes = 16

/**
 * Everything that says who a voter is. `hostTokens`: null where no host is known, so that nobody can vouch for voters. `now` gives
 * milliseconds since 1970.
 */
export function createIdentifyVoter(
  keys: IdentifyVoterKeys,
  {
    hostTokens = null,
    now = Date.now,
  }: { readonly hostTokens?: Pick<HostTokens, 'subjectOf'> | null; readonly now?: () => number } = {},
): IdentifyVoter {
  const voterKey = createHashVoter(keys.voterPepper)
  const votingCodes = createVotingCodes(keys)
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

  async function recogniseByHost(pollId: string, token: string): Promise<VoterKey | Refused> {
    if (hostTokens === null) return refuse('token_invalid', 'No host is known here whose tokens could be believed.')
    const subject = await hostTokens.subjectOf(token, pollId)
    return isRefused(subject) ? subject : voterKey(pollId, 'token', subject)
  }

  function recognise(poll: PollIdentity, shown: VoterCredentials): MaybeLater<Recognised> {
    switch (poll.voterIdentity) {
      case 'none':
        return shown.requestKey === null ? null : voterKey(poll.id, 'request', shown.requestKey)
      case 'session': {
        const session = shownSession(shown)
        if (session === null || isRefused(session)) return session
        return voterKey(poll.id, 'session', session.id)
      }
      case 'token':
        return shown.voterToken === null ? null : recogniseByHost(poll.id, shown.voterToken)
      case 'code':
        return shown.voterToken === null ? null : (votingCodes.voterOf(poll.id, shown.voterToken) ?? codeInvalid)
    }
  }

  /** Somebody of whom nothing is known. */
  function begin({ id: pollId, voterIdentity }: PollIdentity, { requestKey }: VoterCredentials) {
    const refused = refuseUnshown(voterIdentity)
    if (refused !== null) return refused
    if (voterIdentity === 'none') {
      return { voter: voterKey(pollId, 'request', randomBytes(idBytes)), newSession: null }
    }
    const id = newSessionId(requestKey)
    return { voter: voterKey(pollId, 'session', id), newSession: makeSession(id) }
  }

  /** The first answer may get lost together with its cookie: the repeated request leads to the same session. */
  function newSessionId(requestKey: string | null): Buffer {
    return requestKey === null ? randomBytes(idBytes) : hashRequestKey(requestKey).subarray(0, idBytes)
  }

  function identified(poll: PollIdentity, shown: VoterCredentials, known: Recognised): IdentifiedVoter | Refused {
    if (known === null) return begin(poll, shown)
    return isRefused(known) ? known : { voter: known, newSession: null }
  }

  return {
    recognise,
    identify(poll, shown) {
      const known = recognise(poll, shown)
      if (known instanceof Promise) return known.then((voter) => identified(poll, shown, voter))
      return identified(poll, shown, known)
    },
    session(shown) {
      const session = shownSession(shown)
      if (session !== null && 'refused' in session) return session
      return makeSession(session?.id ?? newSessionId(shown.requestKey))
    },
  }
}

const hostTokenMissing = refuse(
  'unauthenticated',
  'This poll is for those for whom its host vouches: send the token of the host as Voter-Token.',
)
const codeMissing = refuse(
  'unauthenticated',
  'This poll asks for a voting code: enter it on the page of the poll, or send it as Voter-Token.',
)
const codeInvalid = refuse(
  'token_invalid',
  'This voting code is not one of this poll. Please compare it with what you were given, character by character.',
)

/** Of whoever shows nothing, where a poll is only for those who do; null where it is for everybody. */
export function refuseUnshown(voterIdentity: VoterIdentity): Refused | null {
  if (voterIdentity === 'token') return hostTokenMissing
  return voterIdentity === 'code' ? codeMissing : null
}
