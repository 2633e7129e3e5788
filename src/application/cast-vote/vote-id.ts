import { createCipheriv, createDecipheriv, timingSafeEqual } from 'node:crypto'
import { parsePosition, type Position } from '../../domain/position.ts'
import type { VoterKey } from '../../domain/vote.ts'
import { createKeyedHash } from '../keyed-hash.ts'

/** What a vote id says to us, and to nobody else: enough to find the vote without an index of ids. */
export type VoteReference = {
  readonly pollId: string
  readonly round: number
  readonly voter: VoterKey
  readonly position: Position
}

export type VoteIds = {
  /** The same vote always has the same id. */
  seal(vote: VoteReference): string
  /** Null for anything that this service did not seal. */
  open(voteId: string): VoteReference | null
}

const formatVersion = 1
export const tagBytes = 16
const keyBytes = 16
/** Of what is sealed: all but the poll id, which goes to the end. */
export const fixedBytes = 1 + 4 + keyBytes + keyBytes
/** Of the service's secret. */
export const purposes = { authentication: 'vote id: authentication', encryption: 'vote id: encryption' }
const voteIdCharactersMax = 256

/**
 * Vote ids for receipts.
 *
 * Background: a receipt must lead from the id to the vote's row, which poll, round and voter name; an index of random ids
 * would cost the ledger a second write per vote. The naive way, to write those parts into the id, tells everybody who sees a
 * receipt which votes are of one voter, and lets anyone make up ids. Encryption with a random nonce gives a repeated call
 * another id than the first. So the id is encrypted deterministically: the nonce is a keyed hash of the content (the SIV
 * construction), checked again after decryption, and any changed bit changes the hash.
 */
export function createVoteIds(serviceSecret: Uint8Array): VoteIds {
  const authenticate = createKeyedHash(serviceSecret, purposes.authentication)
  const cipherKey = createKeyedHash(serviceSecret, purposes.encryption)('key')

  return {
    seal(vote) {
      const plain = Buffer.allocUnsafe(fixedBytes + Buffer.byteLength(vote.pollId))
      writeReference(vote, plain, 0)
      const tag = authenticate(plain).subarray(0, tagBytes)
      const cipher = createCipheriv('aes-256-ctr', cipherKey, tag)
      return Buffer.concat([tag, cipher.update(plain)]).toString('base64url')
    },
    open(voteId) {
      if (voteId.length > voteIdCharactersMax || !/^[A-Za-z0-9_-]+$/.test(voteId)) return null
      const sealed = Buffer.from(voteId, 'base64url')
      // The last character of base64url may carry bits that nothing reads: only the one spelling that we gave is an id.
      if (sealed.length <= tagBytes + fixedBytes || sealed.toString('base64url') !== voteId) return null
      const tag = sealed.subarray(0, tagBytes)
      const plain = createDecipheriv('aes-256-ctr', cipherKey, tag).update(sealed.subarray(tagBytes))
      if (!timingSafeEqual(tag, authenticate(plain).subarray(0, tagBytes))) return null
      if (plain.readUInt8(0) !== formatVersion) return null
      return {
        round: plain.readUInt32BE(1),
        // The cast brands 16 bytes that `seal` took from a voter key.
        voter: plain.toString('hex', 5, 5 + keyBytes) as VoterKey,
        position: parsePosition(plain.toString('hex', 5 + keyBytes, fixedBytes)),
        pollId: plain.toString('utf8', fixedBytes),
      }
    },
  }
}

/** What is sealed, as it stands before that. */
export function writeReference({ pollId, round, voter, position }: VoteReference, into: Buffer, at: number): void {
  into.writeUInt8(formatVersion, at)
  into.writeUInt32BE(round, at + 1)
  into.write(voter + position, at + 5, 'hex')
  into.write(pollId, at + fixedBytes, 'utf8')
}
