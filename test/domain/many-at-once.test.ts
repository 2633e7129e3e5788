import { createCipheriv, createHmac } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createNameVoters } from '../../src/application/cast-vote/name-voters.ts'
import { createSealMany, type VoteReference } from '../../src/application/cast-vote/seal-many.ts'
import { createVoteIds } from '../../src/application/cast-vote/vote-id.ts'
import { createKeyedHash, createKeyedHashOfMany } from '../../src/application/keyed-hash.ts'
import { positionOf } from '../../src/domain/position.ts'
import type { VoterKey } from '../../src/domain/vote.ts'

/** As crypto itself makes it. */
const hmac = (secret: Uint8Array, purpose: string, ...parts: readonly (string | Uint8Array)[]): Buffer => {
  const made = createHmac('sha256', createHmac('sha256', secret).update(purpose).digest())
  for (const part of parts) made.update(part)
  return made.digest()
}

/** As vote-id.ts describes an id: the nonce is a hash of the content. */
const sealAlone = (secret: Uint8Array, { pollId, round, voter, position }: VoteReference): string => {
  const plain = Buffer.concat([Buffer.from([1, 0, 0, 0, 0]), Buffer.from(voter + position, 'hex'), Buffer.from(pollId)])
  plain.writeUInt32BE(round, 1)
  const tag = hmac(secret, 'vote id: authentication', plain).subarray(0, 16)
  const cipher = createCipheriv('aes-256-ctr', hmac(secret, 'vote id: encryption', 'key'), tag)
  return Buffer.concat([tag, cipher.update(plain)]).toString('base64url')
}

const secrets = fc.uint8Array({ minLength: 32, maxLength: 80 })

describe('many at once', () => {
  test('are hashed as each alone is, whatever its length', () => {
    const messages = fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 20 })
    fc.assert(
      fc.property(secrets, fc.string(), messages, (secret, purpose, rows) => {
        const ends: number[] = []
        for (const row of rows) ends.push((ends.at(-1) ?? 0) + row.length)
        const hashes = createKeyedHashOfMany(secret, purpose)(Buffer.concat(rows), ends)
        const alone = rows.map((row) => hmac(secret, purpose, row))
        expect(hashes.toString('hex')).toBe(Buffer.concat(alone).toString('hex'))
      }),
    )
    const hash = createKeyedHashOfMany(Buffer.alloc(32, 1), 'p')
    for (let length = 0; length <= 260; length += 1) {
      const bytes = Buffer.alloc(length, length)
      expect([length, hash(bytes, [length])]).toEqual([length, hmac(Buffer.alloc(32, 1), 'p', bytes)])
    }
  })

  test('a message may come in parts, of text and of bytes, and be longer than any before', () => {
    const parts = fc.array(fc.oneof(fc.string({ unit: 'binary', maxLength: 400 }), fc.uint8Array({ maxLength: 400 })))
    fc.assert(
      fc.property(secrets, fc.array(parts, { maxLength: 4 }), (secret, messages) => {
        const hash = createKeyedHash(secret, 'p')
        for (const message of messages) expect(hash(...message)).toEqual(hmac(secret, 'p', ...message))
      }),
    )
  })

  test('votes have the ids that each alone has, and the ids lead to them', () => {
    const votes = fc.array(
      fc.record({
        round: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
        // The cast brands 32 hexadecimal digits.
        voter: fc.stringMatching(/^[0-9a-f]{32}$/).map((text) => text as VoterKey),
        position: fc
          .tuple(fc.nat(), fc.nat(), fc.nat(65_535))
          .map(([epoch, at, index]) => positionOf(epoch, `${at}-0`, index)),
      }),
      { maxLength: 20 },
    )
    const pollIds = fc.stringMatching(/^[\w-]{1,64}$/)
    fc.assert(
      fc.property(secrets, pollIds, votes, (secret, pollId, rows) => {
        const references = rows.map((row): VoteReference => ({ pollId, ...row }))
        const voteIds = createVoteIds(secret)
        const sealMany = createSealMany(secret)
        const ids = sealMany(references)
        expect(ids).toEqual(references.map((one) => sealAlone(secret, one)))
        expect(references.map((one) => voteIds.seal(one))).toEqual(ids)
        expect(ids.map((id) => voteIds.open(id))).toEqual(references)
        // A cipher that remembered something would give others the second time.
        expect(sealMany(references)).toEqual(ids)
      }),
    )
  })

  test('votes of several polls are a mistake', () => {
    const one = { round: 1, voter: '0'.repeat(32) as VoterKey, position: positionOf(1, '1-0', 0) } // 32 digits
    const sealMany = createSealMany(Buffer.alloc(32, 1))
    expect(() =>
      sealMany([
        { ...one, pollId: 'a' },
        { ...one, pollId: 'b' },
      ]),
    ).toThrow('several polls')
  })

  test('voters of a host are named by poll and subject, apart from sessions and requests', () => {
    const wellFormed = fc.array(fc.string({ unit: 'binary', minLength: 1, maxLength: 200 }), { maxLength: 20 })
    fc.assert(
      fc.property(secrets, wellFormed, (pepper, subjects) => {
        const hash = createKeyedHash(pepper, 'voter key')
        const named = createNameVoters(pepper)('poll', subjects)
        expect(named).toEqual(subjects.map((subject) => hash('poll token ', subject).toString('hex', 0, 16)))
        for (const [n, subject] of subjects.entries())
          for (const kind of ['session', 'request'])
            expect(named[n]).not.toBe(hash(`poll ${kind} `, subject).toString('hex', 0, 16))
      }),
      { numRuns: 30 },
    )
  })
})
