import { createCipheriv, createDecipheriv } from 'node:crypto'
import { createKeyedHash } from './keyed-hash.ts'

/** Hides where an event stands among all others. The same place of the same poll is always sealed in the same way. */
export type SealPlace = {
  seal(pollId: string, place: string): string
  /** Null for anything that was not sealed for this poll. */
  open(pollId: string, sealed: string): string | null
}

const nonceBytes = 12
const tagBytes = 16
/** All take so much: how long a number is says something too. */
const placeBytes = 48
const sealedCharacters = Math.ceil(((nonceBytes + tagBytes + placeBytes) * 4) / 3)

/**
 * The naive way, to number the events of a poll, has to count them for every page. So the place is encrypted, with a keyed hash of itself as the
 * nonce: with a random one, an event would have another id each time that it is shown.
 */
export function createSealPlace(serviceSecret: Uint8Array): SealPlace {
  const key = createKeyedHash(serviceSecret, 'place in the audit log')('key')
  const nonceOf = createKeyedHash(serviceSecret, 'nonce of a place in the audit log')

  return {
    seal(pollId, place) {
      const room = Buffer.from(place.padEnd(placeBytes))
      if (room.length !== placeBytes) throw new RangeError(`a place of ${place.length} characters is too long`)
      const nonce = nonceOf(`${pollId} ${place}`).subarray(0, nonceBytes)
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(pollId))
      const sealed = Buffer.concat([cipher.update(room), cipher.final()])
      return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64url')
    },
    open(pollId, sealed) {
      if (sealed.length !== sealedCharacters) return null
      const bytes = Buffer.from(sealed, 'base64url')
      const head = nonceBytes + tagBytes
      if (bytes.length !== head + placeBytes) return null
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, nonceBytes))
      decipher.setAAD(Buffer.from(pollId)).setAuthTag(bytes.subarray(nonceBytes, head))
      const place = decipher.update(bytes.subarray(head))
      try {
        return (place.toString('utf8') + decipher.final('utf8')).trimEnd()
      } catch {
        return null
      }
    },
  }
}
