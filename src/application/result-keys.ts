import { createPrivateKey, createPublicKey, hash, type KeyObject, type webcrypto } from 'node:crypto'
import { canonicalJson } from './canonical-json.ts'

/** A public Ed25519 key that results are verified with. */
export type ResultKey = {
  /** Its thumbprint as RFC 7638 makes it: whoever has the key can say whether this is its name. */
  readonly id: string
  readonly key: KeyObject
  /** As RFC 8037 writes it. */
  readonly jwk: { readonly kty: 'OKP'; readonly crv: 'Ed25519'; readonly x: string }
  readonly pem: string
}

/** The key that signs, and those that are published: that one first, then older ones, whose results go on being good. */
export type ResultKeys = { readonly signingKey: KeyObject; readonly published: readonly [ResultKey, ...ResultKey[]] }

/** Where a service publishes its keys. */
export const RESULT_KEYS_PATH = '/.well-known/tallycast/result-keys.json'

const seedBytes = 32
/** RFC 8410, section 7: what stands before the seed in a private Ed25519 key as PKCS #8 has it. */
const pkcs8Head = Buffer.from('302e020100300506032b657004220420', 'hex')
const pemForm = /-----BEGIN PUBLIC KEY-----[^-]+-----END PUBLIC KEY-----/g

/** `signing` as a private key in PEM, or as what one is made from; `older` are public keys. */
export function createResultKeys(signing: string | Uint8Array, older: readonly KeyObject[]): ResultKeys {
  const signingKey = createPrivateKey(
    typeof signing === 'string'
      ? signing
      : { key: Buffer.concat([pkcs8Head, signing.subarray(0, seedBytes)]), format: 'der', type: 'pkcs8' },
  )
  const first = describeResultKey(createPublicKey(signingKey))
  const others = new Map(older.map(describeResultKey).map((key) => [key.id, key]))
  others.delete(first.id)
  return { signingKey, published: [first, ...others.values()] }
}

/** The keys in a text: a JSON Web Key Set, one such key, or PEM. What is no Ed25519 key is passed over; bent ones throw. */
export function readResultKeys(text: string): readonly ResultKey[] {
  const keys = text.trimStart().startsWith('{')
    ? jwksIn(text).map((jwk) => createPublicKey({ key: jwk, format: 'jwk' }))
    : (text.match(pemForm) ?? []).map((pem) => createPublicKey(pem))
  return keys.filter((key) => key.asymmetricKeyType === 'ed25519').map(describeResultKey)
}

function jwksIn(text: string): readonly webcrypto.JsonWebKey[] {
  const parsed: unknown = JSON.parse(text)
  const keys = typeof parsed === 'object' && parsed !== null && 'keys' in parsed ? parsed.keys : [parsed]
  // Whatever else stands there is refused by who makes keys of them.
  return Array.isArray(keys) ? (keys as readonly webcrypto.JsonWebKey[]).filter(({ kty }) => kty === 'OKP') : []
}

function describeResultKey(key: KeyObject): ResultKey {
  const { x } = key.export({ format: 'jwk' })
  if (key.asymmetricKeyType !== 'ed25519' || x === undefined) throw new Error('results are signed with Ed25519 alone')
  const jwk = { kty: 'OKP', crv: 'Ed25519', x } as const
  // The canonical form of these members is what RFC 7638 hashes.
  const id = hash('sha256', canonicalJson(jwk), 'base64url')
  return { id, key, jwk, pem: key.export({ format: 'pem', type: 'spki' }) }
}
