import { createHash } from 'node:crypto'
import { type Refused, refuse } from '../../domain/refusal.ts'

const keyCharactersMax = 255
/** Of a key that is no UUID. Less can be guessed, and whoever guesses a key votes as its owner. */
const randomBitsMin = 128
/** Of 22 random characters practically never fewer than this many are different; of a hand-made key often. */
const differentCharactersMin = 6
/** Versions with enough randomness: 4 brings 122 bits, 7 brings 74 beside its time. The others can be worked out (RFC 9562). */
const randomVersions = ['4', '7']
const uuidForm = /^[0-9a-f]{8}-[0-9a-f]{4}-([0-9a-f])[0-9a-f]{3}-([0-9a-f])[0-9a-f]{3}-[0-9a-f]{12}$/i

/**
 * Reads an Idempotency-Key as draft-ietf-httpapi-idempotency-key-header-07 writes it (a quoted string), or bare as most
 * clients send it. Null without one. A key names the voter where nothing else does, so a weak one is refused everywhere: a
 * client that got away with it while it had a session would let others vote in its place when it has none.
 */
export function readRequestKey(header: string | undefined): string | null | Refused {
  if (header === undefined) return null
  const key = /^"([^"\\]*)"$/.exec(header)?.[1] ?? header
  if (key.length > keyCharactersMax) return weak(`It is longer than ${keyCharactersMax} characters.`)
  if (!/^[A-Za-z0-9_.:~+/=-]+$/.test(key))
    return weak('It has other characters than letters, digits and - _ . : ~ + / =')
  const isRepetitive = new Set(key.toLowerCase().replaceAll('-', '')).size < differentCharactersMin
  const uuid = uuidForm.exec(key)
  if (uuid === null && bitsAtMost(key) < randomBitsMin) return weak('It is too short to be unguessable.')
  if (isRepetitive) return weak('It repeats itself.')
  if (uuid !== null) {
    const isRandom = randomVersions.includes(uuid[1] ?? '') && '89ab'.includes(uuid[2]?.toLowerCase() ?? '-')
    return isRandom ? key.toLowerCase() : weak('Of the kinds of UUID only versions 4 and 7 are random enough.')
  }
  return key
}

/** How the door remembers a key: 16 hexadecimal digits. */
export function hashRequestKey(key: string): string {
  return createHash('sha256').update(key).digest('hex').slice(0, 16)
}

/** The most randomness that a text in this alphabet can carry. */
function bitsAtMost(key: string): number {
  const symbols = key.replace(/[^A-Za-z0-9_-]/g, '')
  if (/^[0-9-]*$/.test(symbols)) return symbols.length * Math.log2(10)
  if (/^[0-9a-f-]*$/i.test(symbols)) return symbols.replaceAll('-', '').length * 4
  return symbols.length * 6
}

function weak(why: string): Refused {
  return refuse(
    'idempotency_key_weak',
    `The Idempotency-Key must be a UUID of version 4 or 7, or at least 22 random characters of base64url. ${why}`,
  )
}
