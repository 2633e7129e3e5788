import { randomInt } from 'node:crypto'
import { JOIN_CODE_ALPHABET, JOIN_CODE_CHARACTERS } from '../../domain/join-code.ts'

/** One of 191 million, each equally likely. Whether a poll has it already only the store can say. */
export function createJoinCode(): string {
  const characters = Array.from(
    { length: JOIN_CODE_CHARACTERS },
    () => JOIN_CODE_ALPHABET[randomInt(JOIN_CODE_ALPHABET.length)],
  )
  return characters.join('')
}
