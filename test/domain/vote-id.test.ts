import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { VoteReference } from '../../src/application/cast-vote/seal-many.ts'
import { createVoteIds } from '../../src/application/cast-vote/vote-id.ts'
import { positionOf } from '../../src/domain/position.ts'
import type { VoterKey } from '../../src/domain/vote.ts'

const voteIds = createVoteIds(Buffer.alloc(32, 7))

const hex32 = fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => Buffer.from(bytes).toString('hex'))
const votes: fc.Arbitrary<VoteReference> = fc.record({
  pollId: fc.stringMatching(/^[A-Za-z0-9_-]{12,22}$/),
  round: fc.integer({ min: 1, max: 0xffff_ffff }),
  // The cast brands 32 hexadecimal digits.
  voter: hex32 as fc.Arbitrary<VoterKey>,
  position: fc
    .tuple(fc.nat(1000), fc.nat(2 ** 40), fc.nat(1000), fc.nat(511))
    .map(([epoch, major, minor, index]) => positionOf(epoch, `${major}-${minor}`, index)),
})

describe('a vote id', () => {
  test('leads back to its vote, and the same vote always has the same id', () => {
    fc.assert(
      fc.property(votes, (vote) => {
        const voteId = voteIds.seal(vote)
        expect(voteId).toMatch(/^[A-Za-z0-9_-]{80,120}$/)
        expect(voteIds.seal({ ...vote })).toBe(voteId)
        expect(voteIds.open(voteId)).toEqual(vote)
      }),
    )
  })

  test('is refused when any bit of it is changed', () => {
    fc.assert(
      fc.property(votes, fc.nat(), (vote, at) => {
        const bytes = Buffer.from(voteIds.seal(vote), 'base64url')
        const bit = at % (bytes.length * 8)
        bytes[bit >> 3]! ^= 1 << (bit & 7) // the index lies within
        expect(voteIds.open(bytes.toString('base64url'))).toBeNull()
      }),
    )
  })

  test('is refused when made up, cut, written differently or sealed by another service', () => {
    const vote = fc.sample(votes, { numRuns: 1, seed: 1 })[0]!
    const voteId = voteIds.seal(vote)
    const madeUp = randomBytes(65).toString('base64url')
    const others = [madeUp, '', 'x', '%', `${voteId}=`, voteId.slice(0, -1), `${voteId}A`, 'A'.repeat(100_000)]
    for (const other of others) expect(voteIds.open(other)).toBeNull()
    expect(createVoteIds(Buffer.alloc(32, 8)).open(voteId)).toBeNull()
  })

  test('shows no part of what it stands for', () => {
    const [one, two] = fc.sample(votes, { numRuns: 2, seed: 2 })
    const first = voteIds.seal(one!)
    const second = voteIds.seal({ ...one!, position: two!.position })
    expect(first.slice(0, 20)).not.toBe(second.slice(0, 20))
    expect(first).not.toContain(Buffer.from(one!.pollId).toString('base64url').slice(0, 8))
  })
})
