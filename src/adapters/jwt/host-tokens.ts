import { decodeProtectedHeader, errors, type JWTPayload, jwtVerify } from 'jose'
import { HOST_SUBJECT_CHARACTERS_MAX, isHostSubject } from '../../domain/host-subject.ts'
import { type Refused, refuse } from '../../domain/refusal.ts'
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

/**
 * Tokens of a host as signed JWTs (RFC 7519): `sub` names the voter, `poll_id` the poll, `aud` this service, `exp` the end. `now` gives
 * milliseconds since 1970.
 */
export function createHostTokens(keys: HostKeys, rules: HostTokenRules, now: () => number): HostTokens {
  const { audience, issuer, lifeMax } = rules

  /** The claims, where one of the keys has signed them. Throws what `jose` finds wrong. */
  async function verify(token: string, at: number): Promise<JWTPayload> {
    const options = {
      algorithms: [...keys.algorithms],
      audience,
      ...(issuer !== null && { issuer }),
      clockTolerance,
      currentDate: new Date(at),
      requiredClaims: ['sub', 'exp', 'poll_id'],
    }
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

  return {
    async subjectOf(token, pollId) {
      if (token.length > tokenCharactersMax) return invalid(`is longer than ${tokenCharactersMax} characters`)
      const at = now()
      try {
        return judge(await verify(token, at), pollId, at)
      } catch (error) {
        if (error instanceof errors.JOSEError) return invalid(reasonOf(error))
        throw error
      }
    },
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
