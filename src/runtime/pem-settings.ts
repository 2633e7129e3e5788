import { createPrivateKey, createPublicKey, type KeyObject, X509Certificate } from 'node:crypto'
import type { Setting } from './setting.ts'

/** `\n` stands for the end of a line too: many ways of setting a variable know no other. */
const withLines = (given: string): string => given.replaceAll('\\n', '\n')

/** A certificate in PEM; others that lead to its authority may follow. */
export const certificate: Setting<string> = inPem('a certificate', (text) => new X509Certificate(text))

/** A private key in PEM, without a passphrase. */
export const privateKey: Setting<string> = inPem('a private key', (text) => createPrivateKey(text))

/** A private Ed25519 key in PEM, without a passphrase. */
export const signingKey: Setting<string> = inPem('a private Ed25519 key', (text) => {
  if (createPrivateKey(text).asymmetricKeyType !== 'ed25519') throw new Error('of another kind')
})

function inPem(what: string, parse: (text: string) => unknown): Setting<string> {
  return {
    fallback: '',
    read: (given) => {
      const value = withLines(given)
      try {
        parse(value)
        return { value }
      } catch {
        // What is wrong with it may show what it is.
        return { problem: `must be ${what} in PEM` }
      }
    },
  }
}

const algorithms = ['EdDSA', 'ES256', 'RS256'] as const
type Algorithm = (typeof algorithms)[number]

/** A key, and the one algorithm that it verifies by, as RFC 7518 and RFC 8037 name it. */
export type PublicKey = { readonly algorithm: Algorithm; readonly key: KeyObject }

/** RFC 7518, section 3.3. */
const rsaBitsMin = 2048
const pemForm = /-----BEGIN PUBLIC KEY-----[^-]+-----END PUBLIC KEY-----/g

/** Public keys in PEM, one behind the other. */
export const publicKeys = (
  keysMax: number,
  allowed: readonly Algorithm[] = algorithms,
): Setting<readonly PublicKey[]> => ({
  fallback: [],
  read: (given) => {
    const texts = withLines(given).match(pemForm) ?? []
    if (texts.length === 0 || texts.length > keysMax) {
      return { problem: `must be 1 to ${keysMax} public keys in PEM (-----BEGIN PUBLIC KEY-----)` }
    }
    try {
      return { value: texts.map((pem) => readPublicKey(pem, allowed)) }
    } catch (error) {
      return { problem: `has a key that cannot be used: ${error instanceof Error ? error.message : String(error)}` }
    }
  },
})

function readPublicKey(pem: string, allowed: readonly Algorithm[]): PublicKey {
  const key = createPublicKey(pem)
  const algorithm = algorithmOf(key)
  if (algorithm !== null && allowed.includes(algorithm)) return { algorithm, key }
  throw new Error(`it must be one of ${allowed.map((name) => kinds[name]).join(', ')}`)
}

const kinds = {
  EdDSA: 'Ed25519',
  ES256: 'P-256',
  RS256: `RSA of ${rsaBitsMin} bits or more`,
} as const satisfies Record<Algorithm, string>

function algorithmOf(key: KeyObject): Algorithm | null {
  const { namedCurve, modulusLength = 0 } = key.asymmetricKeyDetails ?? {}
  if (key.asymmetricKeyType === 'ed25519') return 'EdDSA'
  if (key.asymmetricKeyType === 'ec' && namedCurve === 'prime256v1') return 'ES256'
  return key.asymmetricKeyType === 'rsa' && modulusLength >= rsaBitsMin ? 'RS256' : null
}
