import { randomBytes } from 'node:crypto'

/** Without 0, 1, i and o: an id that is read out or copied by hand stays the same. */
const ALPHABET = '23456789abcdefghjklmnpqrstuvwxyz'
const CHARACTERS = 14

/** 70 random bits. Each byte gives 5 of its bits, so every letter is equally likely. */
export function createPollId(): string {
  return Array.from(randomBytes(CHARACTERS), (byte) => ALPHABET[byte % ALPHABET.length]).join('')
}

/** Whether a text can be a poll's id at all. Whatever else somebody sends must not get into a key or a statement, which choke on some. */
export function isPollId(text: string): boolean {
  return /^[\w-]{1,64}$/.test(text)
}
