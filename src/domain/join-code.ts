/**
 * What people type who stand before a big screen. Without vowels, so that no word comes about; without 0, 1 and all that is taken for them; of a digit
 * and a letter that are taken for one another (5 and S, 2 and Z, 8 and B) without the letter. docs/decisions/join-codes.md has the odds.
 */
export const JOIN_CODE_ALPHABET = '23456789CDFGHJKMNPQRTVWX'
export const JOIN_CODE_CHARACTERS = 6

const codeForm = new RegExp(`^[${JOIN_CODE_ALPHABET}]{${JOIN_CODE_CHARACTERS}}$`)
/** Whatever stands between the characters of a code; longer than this is none. */
const writtenCharactersMax = 100
/** Nobody was shown these: whoever types one has read the other. */
const misread: Readonly<Record<string, string>> = { S: '5', Z: '2', B: '8', U: 'V' }

/** The characters of a code as somebody typed them: case, spaces and hyphens do not matter. Null for what can be no code. */
export function readJoinCode(written: string): string | null {
  if (written.length > writtenCharactersMax) return null
  const code = written
    .replaceAll(/[\s\p{Pd}]/gu, '')
    .toUpperCase()
    .replaceAll(/[SZBU]/g, (letter) => misread[letter] ?? letter)
  return codeForm.test(code) ? code : null
}
