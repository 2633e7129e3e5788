import { createHmac } from 'node:crypto'

/** Hashes rows that lie behind each other in `bytes`, each ending before its place in `ends`; 32 bytes for each row. */
export type KeyedHashOfMany = (bytes: Uint8Array, ends: readonly number[]) => Buffer

export const HASH_BYTES = 32
const BLOCK_BYTES = 64
/** Of a block, the last bytes say how long the message was. */
const LENGTH_AT = BLOCK_BYTES - 8

/**
 * The hashes of `createKeyedHash` for many short messages at once: HMAC-SHA-256 under the same key.
 *
 * Background: the hash of a voter or of a vote id is over some fifty bytes, one block of SHA-256. Node's crypto takes longer to be
 * called than to hash them, and it can only be called for one message at a time. The naive way, one `createHmac` per message, costs
 * a vote in bulk more than everything else that is done for it. The way taken: SHA-256 as FIPS 180-4 writes it, here; the key's
 * own two blocks are hashed once (RFC 2104, 4), so a short message costs two blocks and no object.
 */
export function createKeyedHashOfMany(secret: Uint8Array, purpose: string): KeyedHashOfMany {
  const key = createHmac('sha256', secret).update(purpose).digest()
  const inner = hashKeyBlock(key, 0x36)
  const outer = hashKeyBlock(key, 0x5c)
  const state = new Int32Array(8)
  const block = new Uint8Array(BLOCK_BYTES)
  const outerBlock = new Uint8Array(BLOCK_BYTES)
  endBlock(outerBlock, HASH_BYTES, BLOCK_BYTES + HASH_BYTES)

  function hashMessage(bytes: Uint8Array, begin: number, end: number): void {
    state.set(inner)
    let at = begin
    for (; end - at >= BLOCK_BYTES; at += BLOCK_BYTES) hashBlock(state, bytes, at)
    const left = end - at
    // In range, as are all reads of arrays below.
    for (let n = 0; n < left; n += 1) block[n] = bytes[at + n]!
    const length = BLOCK_BYTES + end - begin
    if (left < LENGTH_AT) {
      endBlock(block, left, length)
    } else {
      block.fill(0, left)
      block[left] = 0x80
      hashBlock(state, block, 0)
      endBlock(block, -1, length)
    }
    hashBlock(state, block, 0)
  }

  return (bytes, ends) => {
    const hashes = Buffer.allocUnsafe(ends.length * HASH_BYTES)
    let begin = 0
    for (let row = 0; row < ends.length; row += 1) {
      const end = ends[row]!
      hashMessage(bytes, begin, end)
      writeState(state, outerBlock, 0)
      state.set(outer)
      hashBlock(state, outerBlock, 0)
      writeState(state, hashes, row * HASH_BYTES)
      begin = end
    }
    return hashes
  }
}

function hashKeyBlock(key: Uint8Array, pad: number): Int32Array {
  const block = new Uint8Array(BLOCK_BYTES).fill(pad)
  for (const [n, byte] of key.entries()) block[n] = byte ^ pad
  const state = Int32Array.from(initialState)
  hashBlock(state, block, 0)
  return state
}

/** Ends a block whose message ends before `from`, or (-1) ended in the block before. */
function endBlock(block: Uint8Array, from: number, messageBytes: number): void {
  block.fill(0, from + 1)
  if (from >= 0) block[from] = 0x80
  const bits = messageBytes * 8
  for (let n = 0; n < 4; n += 1) block[BLOCK_BYTES - 1 - n] = bits >>> (8 * n)
}

function writeState(state: Int32Array, into: Uint8Array, at: number): void {
  for (let n = 0; n < 8; n += 1) {
    const word = state[n]!
    const byte = at + 4 * n
    into[byte] = word >>> 24
    into[byte + 1] = word >>> 16
    into[byte + 2] = word >>> 8
    into[byte + 3] = word
  }
}

const schedule = new Int32Array(64)

/** SHA-256's compression of one block into the state. */
function hashBlock(state: Int32Array, bytes: Uint8Array, begin: number): void {
  for (let t = 0, at = begin; t < 16; t += 1, at += 4) {
    schedule[t] = (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!
  }
  for (let t = 16; t < 64; t += 1) {
    const x = schedule[t - 15]!
    const y = schedule[t - 2]!
    const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3)
    const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10)
    schedule[t] = schedule[t - 16]! + s0 + schedule[t - 7]! + s1
  }
  let a = state[0]!
  let b = state[1]!
  let c = state[2]!
  let d = state[3]!
  let e = state[4]!
  let f = state[5]!
  let g = state[6]!
  let h = state[7]!
  for (let t = 0; t < 64; t += 1) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7))
    const one = (h + s1 + (g ^ (e & (f ^ g))) + roundConstants[t]! + schedule[t]!) | 0
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10))
    const two = s0 + ((a & b) | (c & (a | b)))
    h = g
    g = f
    f = e
    e = (d + one) | 0
    d = c
    c = b
    b = a
    a = (one + two) | 0
  }
  state[0]! += a
  state[1]! += b
  state[2]! += c
  state[3]! += d
  state[4]! += e
  state[5]! += f
  state[6]! += g
  state[7]! += h
}

/** The first 32 bits of the fractional parts of the square roots of the first 8 primes. */
const initialState = firstBitsOfRoots(8, 2)
/** The same of the cube roots of the first 64. */
const roundConstants = firstBitsOfRoots(64, 3)

function firstBitsOfRoots(count: number, degree: 2 | 3): Int32Array {
  const words: number[] = []
  for (let n = 2n; words.length < count; n += 1n) {
    if (!isPrime(n)) continue
    words.push(Number(wholeRoot(n << (32n * BigInt(degree)), BigInt(degree)) & 0xffff_ffffn))
  }
  return Int32Array.from(words)
}

function isPrime(n: bigint): boolean {
  for (let divisor = 2n; divisor * divisor <= n; divisor += 1n) if (n % divisor === 0n) return false
  return true
}

/** The largest whole number whose power is not above this; found bit by bit. */
function wholeRoot(power: bigint, degree: bigint): bigint {
  let root = 0n
  for (let bit = 1n << 40n; bit > 0n; bit >>= 1n) if ((root + bit) ** degree <= power) root += bit
  return root
}
