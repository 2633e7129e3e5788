import type { Poll } from './poll.ts'
import { refuseFinal, refuseUnknown } from './poll-life.ts'
import { type Refused, refuse } from './refusal.ts'

/** Crockford's base 32: without I, L, O and U, so that nothing in it can be taken for something else. 5 bits a character. */
export const CODE_ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
/** A serial, and behind it the tag that proves it. docs/decisions/voting-codes.md has the odds. */
export const CODE_FORM = { serialCharacters: 7, tagCharacters: 9, groupCharacters: 4 } as const
export const CODE_LIMITS = { perCallMax: 10_000, perPollMax: 1_000_000 } as const

const codeForm = new RegExp(`^[${CODE_ALPHABET}]{${CODE_FORM.serialCharacters + CODE_FORM.tagCharacters}}$`)
const codeGroups = new RegExp(`.{${CODE_FORM.groupCharacters}}(?=.)`, 'g')
/** Whatever stands between the characters of a code; longer than this is none. */
const writtenCharactersMax = 100

/** The characters of a code as somebody wrote them, by hand or read out to them; null for what can be no code. */
export function readCode(written: string): string | null {
  if (written.length > writtenCharactersMax) return null
  const code = written
    .replaceAll(/[\s\p{Pd}]/gu, '')
    .toUpperCase()
    .replaceAll(/[IL]/g, '1')
    .replaceAll('O', '0')
  return codeForm.test(code) ? code : null
}

/** As people are given it: in groups. */
export function showCode(code: string): string {
  return code.replaceAll(codeGroups, '$&-')
}

/** Whether so many codes can be made in one call. */
export function isCodeCount(count: number): boolean {
  return Number.isInteger(count) && count >= 1 && count <= CODE_LIMITS.perCallMax
}

/** Why no codes are made for this poll now; null where they are of use. */
export function refuseCodes({ status, voterIdentity }: Pick<Poll, 'status' | 'voterIdentity'>): Refused | null {
  if (status === 'deleted') return refuseUnknown()
  if (voterIdentity !== 'code') {
    return refuse('identity_not_code', 'Codes are for polls whose voter_identity is code; this one asks for no code.')
  }
  return status === 'closing' || status === 'closed' ? refuseFinal() : null
}
