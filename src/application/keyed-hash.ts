import { createHmac, createSecretKey } from 'node:crypto'

export type KeyedHash = (...parts: readonly (string | Uint8Array)[]) => Buffer

/**
 * HMAC-SHA-256 under one key. `purpose` makes a key of its own out of a shared secret, so that a hash that was made for one
 * thing is never valid for another. Callers see to it that their parts cannot be split in two ways.
 */
export function createKeyedHash(secret: Uint8Array, purpose: string): KeyedHash {
  const key = createSecretKey(createHmac('sha256', secret).update(purpose).digest())
  return (...parts) => {
    const hmac = createHmac('sha256', key)
    for (const part of parts) hmac.update(part)
    return hmac.digest()
  }
}
