import { createDecipheriv, timingSafeEqual } from 'node:crypto'
import { parsePosition } from '../../domain/position.ts'
import type { VoterKey } from '../../domain/vote.ts'
import { createKeyedHash } from '../keyed-hash.ts'
import {
  createSealMany,
  fixedBytes,
  formatVersion,
  keyBytes,
  purposes,
  type SealMany,
  tagBytes,
  type VoteReference,
} from './seal-many.ts'

export type VoteIds = {
  /** The same vote always has the same id. */
  seal(vote: VoteReference): string
  /** The same of many votes of one poll, in their order. */
  readonly sealMany: SealMany
  /** Null for anything that this service did not seal. */
  open(voteId: string): VoteReference | null
}

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
  const sealMany = createSealMany(serviceSecret)

  return {
    // There is one for each vote.
    seal: (vote) => sealMany([vote])[0]!,
    sealMany,
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
