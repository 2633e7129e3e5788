import { hash } from 'node:crypto'
import { decodeProtectedHeader, errors, type JWTPayload, jwtVerify, UnsecuredJWT } from 'jose'
import { HOST_SUBJECT_CHARACTERS_MAX, isHostSubject } from '../../domain/host-subject.ts'
import { createRecentMap, type RecentMap } from '../../domain/recent-map.ts'
import { isRefused, type Refused, refuse } from '../../domain/refusal.ts'
import type { HostTokens } from '../../ports/host-tokens.ts'
import type { HostKeys } from './host-keys.ts'

export type HostTokenRules = {
  /** What `aud` must name: this service. */
  readonly audience: string
  /** What `iss` must be; null: anybody who has the keys. */
  readonly issuer: string | null
  /** A token must expire this soon, in seconds: one that was copied is of use for no longer. */
  readonly lifeMax: number
}

/** In seconds: the clocks of two machines differ. */
const clockTolerance = 5
const tokenCharactersMax = 4096
/** Tokens that were verified, each until its end. Of more the oldest are verified again. */
const goodMax = 50_000
/** Tokens that no key has signed. Not for long: the host may have a new key, of which nobody here has heard yet. */
const badLimits = { keptMs: 30_000, keysMax: 5_000 }
/** In front of claims, to have them looked at by themselves. */
const unsecuredHeader = Buffer.from('{"alg":"none"}').toString('base64url')

/**
 * Tokens of a host as signed JWTs (RFC 7519): `sub` names the voter, `poll_id` the poll, `aud` this service, `exp` the end. `now` gives
 * milliseconds since 1970.
 */
export function createHostTokens(keys: HostKeys, rules: HostTokenRules, now: () => number): HostTokens {
  const { audience, issuer, lifeMax } = rules
  const knownNow = createKnownTokens(keys, lifeMax)
  const claimsAt = (at: number) => ({
    audience,
    ...(issuer !== null && { issuer }),
    clockTolerance,
    currentDate: new Date(at),
    requiredClaims: ['sub', 'exp', 'poll_id'],
  })

  /** What the token claims, whoever has written it. Throws what `jose` finds wrong. */
  function readClaims(token: string, at: number): JWTPayload {
    const { alg } = readHeader(token)
    if (alg === undefined || !keys.algorithms.includes(alg)) throw new errors.JOSEAlgNotAllowed()
    const [, claims = '', signature = ''] = token.split('.')
    if (signature === '') throw new errors.JWTInvalid()
    return UnsecuredJWT.decode(`${unsecuredHeader}.${claims}.`, claimsAt(at)).payload
  }

  /** Throws unless one of the keys has signed it, and what it claims is right. */
  async function verify(token: string, at: number): Promise<JWTPayload> {
    const options = { algorithms: [...keys.algorithms], ...claimsAt(at) }
    for await (const key of keys.candidates(readHeader(token))) {
      try {
        return (await jwtVerify(token, key, options)).payload
      } catch (error) {
        // A TypeError: the host has a key of a kind that verifies nothing, as one of RSA that is too short.
        if (!(error instanceof errors.JWSSignatureVerificationFailed || error instanceof TypeError)) throw error
      }
    }
    throw new errors.JWSSignatureVerificationFailed()
  }

  function judge({ sub, exp = 0, poll_id: meantFor }: JWTPayload, pollId: string, at: number): string | Refused {
    if (meantFor !== pollId) return invalid('is for another poll: poll_id must be the id of this one')
    if (exp > at / 1000 + lifeMax + clockTolerance) {
      return invalid(`lives too long: exp must lie within ${lifeMax} seconds from now`)
    }
    return isHostSubject(sub) ? sub : invalid(`has no sub of 1 to ${HOST_SUBJECT_CHARACTERS_MAX} characters`)
  }

  /** Anybody can make up claims: all that is wrong with them is found before the signature, which takes ten times as long. */
  function knownSubject(token: string, pollId: string): string | Refused | null {
    if (token.length > tokenCharactersMax) return invalid(`is longer than ${tokenCharactersMax} characters`)
    const at = now()
    const subject = orInvalid(() => judge(readClaims(token, at), pollId, at))
    if (isRefused(subject)) return subject
    const { good, bad } = knownNow()
    const name = nameOf(token)
    return good.get(name, at) === undefined ? (bad.get(name, at) ?? null) : subject
  }

  return {
    knownSubject,
    wasGood: (token) => token.length <= tokenCharactersMax && knownNow().good.get(nameOf(token), now()) !== undefined,
    async subjectOf(token, pollId) {
      const subject = knownSubject(token, pollId)
      if (subject !== null) return subject
      const at = now()
      // Of the keys as they are now: where they change meanwhile, what they said is worth nothing later.
      const { good, bad } = knownNow()
      try {
        const verified = judge(await verify(token, at), pollId, at)
        if (!isRefused(verified)) good.put(nameOf(token), true, at)
        return verified
      } catch (error) {
        if (!(error instanceof errors.JOSEError)) throw error
        const refused = invalid(reasonOf(error))
        bad.put(nameOf(token), refused, at)
        return refused
      }
    },
  }
}

type KnownTokens = { readonly good: RecentMap<true>; readonly bad: RecentMap<Refused> }

/** What is known of tokens that were verified by the keys as they are. By the hash, so that no token lies in memory. */
function createKnownTokens(keys: HostKeys, lifeMax: number): () => KnownTokens {
  const goodLimits = { keptMs: (lifeMax + 2 * clockTolerance) * 1000, keysMax: goodMax }
  const create = (): KnownTokens => ({ good: createRecentMap(goodLimits), bad: createRecentMap(badLimits) })
  let version = keys.version()
  let known = create()
  return () => {
    if (version !== keys.version()) {
      version = keys.version()
      known = create()
    }
    return known
  }
}

function nameOf(token: string): string {
  return hash('sha256', token, 'base64')
}

function orInvalid<Value>(read: () => Value): Value | Refused {
  try {
    return read()
  } catch (error) {
    if (error instanceof errors.JOSEError) return invalid(reasonOf(error))
    throw error
  }
}

/** The header says which key to try, and nothing is believed of it before that key has verified the token. */
function readHeader(token: string): ReturnType<typeof decodeProtectedHeader> {
  try {
    return decodeProtectedHeader(token)
  } catch {
    throw new errors.JWTInvalid()
  }
}

/** What helps the host to find its mistake, and tells nobody anything of a voter. */
function reasonOf(error: errors.JOSEError): string {
  if (error instanceof errors.JWTExpired) return 'has expired'
  if (error instanceof errors.JWTClaimValidationFailed) return `says nothing that fits in ${error.claim}`
  if (error instanceof errors.JOSEAlgNotAllowed) return 'is signed with an algorithm that is not accepted here'
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'is not signed with a key that is known here'
  return 'is not a signed JWT that can be read'
}

function invalid(why: string): Refused {
  return refuse('token_invalid', `The token of the host ${why}.`)
}
