import { createCipheriv } from 'node:crypto'
import type { Position } from '../../domain/position.ts'
import type { VoterKey } from '../../domain/vote.ts'
import { createKeyedHash, createKeyedHashOfMany, HASH_BYTES } from '../keyed-hash.ts'

/** What a vote id says to us, and to nobody else: enough to find the vote without an index of ids. */
export type VoteReference = {
  readonly pollId: string
  readonly round: number
  readonly voter: VoterKey
  readonly position: Position
}

/** The ids of these votes, which are all of one poll; in their order. */
export type SealMany = (votes: readonly VoteReference[]) => readonly string[]

export const formatVersion = 1
export const tagBytes = 16
export const keyBytes = 16
/** Of what is sealed: all but the poll id, which goes to the end. */
export const fixedBytes = 1 + 4 + keyBytes + keyBytes
/** Of the service's secret. */
export const purposes = { authentication: 'vote id: authentication', encryption: 'vote id: encryption' }
const cipherBlockBytes = 16

/**
 * Seals vote ids, one or many at once. What a vote id is stands in vote-id.ts.
 *
 * Background: an id needs a cipher of its own, since the nonce differs from vote to vote, and making it costs 2.8 us. But counter
 * mode is nothing else than the encryption of nonce, nonce + 1, … under the key, added to the text: so the blocks of all votes go
 * through one block cipher that is made once, in one call, which costs 1 us however many they are (and little for each).
 */
export function createSealMany(serviceSecret: Uint8Array): SealMany {
  const authenticate = createKeyedHashOfMany(serviceSecret, purposes.authentication)
  const cipherKey = createKeyedHash(serviceSecret, purposes.encryption)('key')
  const cipher = createCipheriv('aes-256-ecb', cipherKey, null).setAutoPadding(false)

  return (votes) => {
    const [first] = votes
    if (first === undefined) return []
    const plainBytes = fixedBytes + Buffer.byteLength(first.pollId)
    const plain = Buffer.allocUnsafe(votes.length * plainBytes)
    const ends: number[] = []
    for (const [row, vote] of votes.entries()) {
      if (vote.pollId !== first.pollId) throw new Error('the votes are of several polls')
      writeReference(vote, plain, row * plainBytes)
      ends.push((row + 1) * plainBytes)
    }
    const tags = authenticate(plain, ends)
    const blocksPerVote = Math.ceil(plainBytes / cipherBlockBytes)
    const mask = cipher.update(countUp(tags, votes.length, blocksPerVote))
    return writeIds({ plain, plainBytes, tags, mask, maskBytes: blocksPerVote * cipherBlockBytes }, votes.length)
  }
}

/** Nonce, nonce + 1, … of each vote, as counter mode counts: all 16 bytes are one number. */
function countUp(tags: Buffer, votes: number, blocksPerVote: number): Buffer {
  const blocks = Buffer.allocUnsafe(votes * blocksPerVote * cipherBlockBytes)
  for (let vote = 0, at = 0; vote < votes; vote += 1) {
    for (let block = 0; block < blocksPerVote; block += 1, at += cipherBlockBytes) {
      let carry = block
      for (let n = tagBytes - 1; n >= 0; n -= 1) {
        // In range, as are all reads of bytes below.
        const sum = tags[vote * HASH_BYTES + n]! + carry
        blocks[at + n] = sum
        carry = sum >>> 8
      }
    }
  }
  return blocks
}

type Sealed = {
  readonly plain: Buffer
  readonly plainBytes: number
  readonly tags: Buffer
  readonly mask: Buffer
  readonly maskBytes: number
}

function writeIds({ plain, plainBytes, tags, mask, maskBytes }: Sealed, votes: number): readonly string[] {
  const idBytes = tagBytes + plainBytes
  const sealed = Buffer.allocUnsafe(votes * idBytes)
  const ids: string[] = []
  for (let vote = 0; vote < votes; vote += 1) {
    const at = vote * idBytes
    for (let n = 0; n < tagBytes; n += 1) sealed[at + n] = tags[vote * HASH_BYTES + n]!
    for (let n = 0; n < plainBytes; n += 1) {
      sealed[at + tagBytes + n] = plain[vote * plainBytes + n]! ^ mask[vote * maskBytes + n]!
    }
    ids.push(sealed.toString('base64url', at, at + idBytes))
  }
  return ids
}

/** What is sealed, as it stands before that. */
function writeReference({ pollId, round, voter, position }: VoteReference, into: Buffer, at: number): void {
  into.writeUInt8(formatVersion, at)
  into.writeUInt32BE(round, at + 1)
  into.write(voter + position, at + 5, 'hex')
  into.write(pollId, at + fixedBytes, 'utf8')
}
