import type { AuditNote } from '../domain/audit.ts'
import type { VoterKey } from '../domain/vote.ts'

/** Whom the voting codes of a poll let vote. Keeps no code, nor what one could be found out from. Written by the admin role alone. */
export type CodeRegister = {
  /**
   * Enters these voters, and in the same transaction the note of who had their codes made. All or, where one of them is `taken` (in the
   * register already, or named twice) or they are `refused` (the poll would have more than `codesMax`, asks for no codes, has closed or
   * was deleted), none and no note; also where many ask, and the poll changes, at once. What is entered stays, over resets too.
   */
  enter(
    pollId: string,
    voters: readonly VoterKey[],
    codesMax: number,
    note?: AuditNote,
  ): Promise<'entered' | 'taken' | 'refused'>
}
