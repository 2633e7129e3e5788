import type { AuditNote, AuditPage } from '../domain/audit.ts'

/**
 * What organisers did. Whoever keeps a change that an organiser made MUST append its note in the same transaction, so that there is
 * neither without the other. What is appended MUST NOT be changed or removed by anybody.
 */
export type AuditLog = {
  /** For what no other port keeps; null where it was not about one poll. */
  append(note: AuditNote, pollId: string | null): Promise<void>
  /**
   * What was done to this poll, or everything where that is null: newest first, after the cursor that the page before returned; null for a
   * cursor that none did.
   */
  list(pollId: string | null, cursor: string | null, pageSize: number): Promise<AuditPage | null>
}
