import { randomBytes, timingSafeEqual } from 'node:crypto'
import type { VoterKey } from '../domain/vote.ts'
import { CODE_ALPHABET, CODE_FORM, readCode, showCode } from '../domain/voting-code.ts'
import { createHashVoter } from './cast-vote/voter-key.ts'
import { createKeyedHash } from './keyed-hash.ts'

/** A code as people are given it, and the voter whom it lets vote. */
export type DrawnCode = { readonly code: string; readonly voter: VoterKey }

export type VotingCodes = {
  /** Whom this code lets vote in this poll; null where it is none of the poll's. Asks nobody. */
  voterOf(pollId: string, written: string): VoterKey | null
  /** As many new ones. One of them may have been drawn before, which the register shows. */
  draw(pollId: string, count: number): readonly DrawnCode[]
}

const { serialCharacters, tagCharacters } = CODE_FORM

/**
 * Codes that prove themselves.
 *
 * Background: a code has to be short enough to be typed, and whoever guesses one votes. The naive way, to look each code up in a table,
 * makes every guess a question to the store, so that guessing is also a way to bring the service down, and nobody could vote while the
 * store is away. So a code is a random serial and a tag over poll and serial that only this service can make: a made-up one is told from
 * a real one here, in a few microseconds.
 */
export function createVotingCodes(secrets: {
  readonly voterPepper: Uint8Array
  readonly service: Uint8Array
}): VotingCodes {
  const hashTag = createKeyedHash(secrets.service, 'tag of a voting code')
  const hashVoter = createHashVoter(secrets.voterPepper)

  // The poll id is without spaces, so poll and serial cannot be split in two ways.
  function tagOf(pollId: string, serial: string): string {
    return writeBytes(hashTag(`${pollId} `, serial).subarray(0, tagCharacters))
  }

  return {
    voterOf(pollId, written) {
      const code = readCode(written)
      if (code === null) return null
      const tag = tagOf(pollId, code.slice(0, serialCharacters))
      // In constant time: how long it takes must not tell how much of a guess is right.
      const isOurs = timingSafeEqual(Buffer.from(tag), Buffer.from(code.slice(serialCharacters)))
      return isOurs ? hashVoter(pollId, 'code', code) : null
    },
    draw(pollId, count) {
      const random = randomBytes(count * serialCharacters)
      return Array.from({ length: count }, (_, n) => {
        const serial = writeBytes(random.subarray(n * serialCharacters, (n + 1) * serialCharacters))
        const code = serial + tagOf(pollId, serial)
        return { code: showCode(code), voter: hashVoter(pollId, 'code', code) }
      })
    },
  }
}

/** A character for each byte, which gives 5 of its bits: each is equally likely. */
function writeBytes(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += CODE_ALPHABET[byte % CODE_ALPHABET.length]
  return text
}
