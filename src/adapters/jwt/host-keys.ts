import type { KeyObject } from 'node:crypto'
import { createRemoteJWKSet, errors, type CryptoKey, type ProtectedHeaderParameters } from 'jose'
import { DependencyUnavailable } from '../../ports/unavailable.ts'

/** A key of the host that is known here, and the one algorithm that it verifies by. */
export type KnownKey = { readonly algorithm: string; readonly key: KeyObject }

export type HostKeys = {
  /** What a token may be signed with, by the names of RFC 7518 and RFC 8037. */
  readonly algorithms: readonly string[]
  /** The keys that this token may be signed with, each to be tried. None where none fits. */
  readonly candidates: (header: ProtectedHeaderParameters) => AsyncIterable<KeyObject | CryptoKey>
  /** Looks for newer keys; what is known stays where that fails. */
  readonly refresh: () => Promise<void>
  /** Another number whenever the keys are others: what they have verified has to be verified again. */
  readonly version: () => number
}

const fetchMsMax = 3_000
/** A token with a key that is not known makes us look for newer keys, once at a time and while the host answers this often at most: anybody can make one up. */
const lookAgainMs = 30_000

/** The algorithm comes from the key and never from the token: else a public key could be taken for a shared secret. */
export function keysHere(known: readonly KnownKey[]): HostKeys {
  return {
    algorithms: [...new Set(known.map(({ algorithm }) => algorithm))],
    async *candidates({ alg }) {
      for (const { algorithm, key } of known) if (algorithm === alg) yield key
    },
    refresh: async () => undefined,
    version: () => 0,
  }
}

/**
 * Keys that are once known stay in use until a newer set has been fetched, so no vote waits for the host, and none is refused because the
 * host is away. Whoever wants to take a key back takes it out of the set, and it is gone with the next `refresh`.
 */
export function keysBehind(url: URL): HostKeys {
  const set = createRemoteJWKSet(url, {
    timeoutDuration: fetchMsMax,
    cooldownDuration: lookAgainMs,
    cacheMaxAge: Number.POSITIVE_INFINITY,
  })
  let seen: unknown
  let seenText = ''
  let version = 0
  return {
    algorithms: ['EdDSA', 'ES256', 'RS256'],
    async *candidates(header) {
      try {
        yield await set(header)
      } catch (error) {
        if (error instanceof errors.JWKSMultipleMatchingKeys) yield* error
        // Where keys are known already the look for newer ones has failed, and this token is of none of them.
        else if (!isUnknownKey(error) && set.jwks() === undefined) throw awayFrom(url, error)
      }
    },
    refresh: () =>
      set.reload().catch((error: unknown) => {
        throw awayFrom(url, error)
      }),
    version() {
      const keys = set.jwks()
      if (keys === seen) return version
      seen = keys
      // Every fetch brings another object, and hardly ever other keys.
      const text = JSON.stringify(keys)
      if (text !== seenText) version += 1
      seenText = text
      return version
    },
  }
}

function isUnknownKey(error: unknown): boolean {
  return error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JOSENotSupported
}

function awayFrom(url: URL, cause: unknown): DependencyUnavailable {
  const why = cause instanceof Error ? cause.message : String(cause)
  return new DependencyUnavailable('host', `no keys from ${url.origin}${url.pathname}: ${why}`, { cause })
}
