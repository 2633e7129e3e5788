import { createHmac, hash } from 'node:crypto'

export type KeyedHash = (...parts: readonly (string | Uint8Array)[]) => Buffer
/** Hashes rows that lie behind each other in `bytes`, each ending before its place in `ends`; `HASH_BYTES` for each row. */
export type KeyedHashOfMany = (bytes: Uint8Array, ends: readonly number[]) => Buffer

export const HASH_BYTES = 32
const BLOCK_BYTES = 64
/** What is hashed here is shorter; where it is not, the room grows. */
const MESSAGE_BYTES_USUAL = 256

/**
 * HMAC-SHA-256 under one key. `purpose` makes a key of its own out of a shared secret, so that a hash that was made for one
 * thing is never valid for another. Callers see to it that their parts cannot be split in two ways.
 */
export function createKeyedHash(secret: Uint8Array, purpose: string): KeyedHash {
  const message = createMessage(secret, purpose)
  return (...parts) => {
    message.begin()
    for (const part of parts) message.add(part)
    const digest = Buffer.allocUnsafe(HASH_BYTES)
    message.digest(digest, 0)
    return digest
  }
}

/** The same of many messages. */
export function createKeyedHashOfMany(secret: Uint8Array, purpose: string): KeyedHashOfMany {
  const message = createMessage(secret, purpose)
  return (bytes, ends) => {
    const digests = Buffer.allocUnsafe(ends.length * HASH_BYTES)
    let begin = 0
    for (const [row, end] of ends.entries()) {
      message.begin()
      message.add(bytes.subarray(begin, end))
      message.digest(digests, row * HASH_BYTES)
      begin = end
    }
    return digests
  }
}

/**
 * Every vote needs three of these hashes, and `createHmac` takes longer to make its objects than to hash so little: 2.2 us, which
 * was a sixth of what a vote cost the api in all. So HMAC is put together as RFC 2104 writes it, from two one-shot hashes over
 * blocks that hold the padded key: 0.7 us. The digest is asked for as text, because a Buffer made by crypto costs 0.7 us by itself.
 */
function createMessage(secret: Uint8Array, purpose: string) {
  const key = createHmac('sha256', secret).update(purpose).digest()
  let inner = padded(key, 0x36, MESSAGE_BYTES_USUAL)
  const outer = padded(key, 0x5c, HASH_BYTES)
  let end = BLOCK_BYTES

  function makeRoom(bytes: number): void {
    if (inner.length < end + bytes) inner = Buffer.concat([inner], 2 * (end + bytes))
  }

  return {
    begin(): void {
      end = BLOCK_BYTES
    },
    add(part: string | Uint8Array): void {
      if (typeof part === 'string') {
        // A UTF-16 unit takes at most three bytes of UTF-8.
        makeRoom(3 * part.length)
        end += inner.write(part, end)
      } else {
        makeRoom(part.length)
        inner.set(part, end)
        end += part.length
      }
    },
    digest(into: Buffer, at: number): void {
      outer.write(hash('sha256', inner.subarray(0, end), 'latin1'), BLOCK_BYTES, 'latin1')
      into.write(hash('sha256', outer, 'latin1'), at, 'latin1')
    },
  }
}

/** The key's block, with room behind it for what is hashed. */
function padded(key: Uint8Array, pad: number, bytes: number): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES + bytes)
  block.fill(pad, 0, BLOCK_BYTES)
  for (const [at, byte] of key.entries()) block[at] = byte ^ pad
  return block
}
