import type { AuditNote } from '../domain/audit.ts'
import type { ApiKey } from '../domain/api-key.ts'

/** A new key with the hash of the whole text that is shown once. */
export type NewApiKey = Pick<ApiKey, 'prefix' | 'name' | 'scopes' | 'expiresAt'> & { readonly hash: string }

/** A key with its hash, and the time by the clock of the store, which alone says whether it has expired. */
export type FoundApiKey = { readonly key: ApiKey; readonly hash: string; readonly now: number }

/** Keys of organisers and hosts. Hashes are SHA-256, hexadecimal; the keys themselves are kept nowhere. */
export type ApiKeys = {
  /** Keeps a new key with the note of who made it, and answers it as it is kept; null, and no note, where the prefix is taken. */
  create(key: NewApiKey, note?: AuditNote): Promise<ApiKey | null>
  /** The key as the primary has it, also one that has ended; null for an unknown prefix. */
  find(prefix: string): Promise<FoundApiKey | null>
  /** All keys, newest first, ended ones too, after the cursor that the page before returned; null for a cursor that none did. */
  list(
    cursor: string | null,
    pageSize: number,
  ): Promise<{ readonly keys: readonly ApiKey[]; readonly nextCursor: string | null } | null>
  /**
   * Ends the key for good, with the note of who did, and answers it; null for an unknown prefix. A key that was revoked before MUST keep
   * that time, and gets no further note.
   */
  revoke(prefix: string, note?: AuditNote): Promise<ApiKey | null>
  /** Remembers that these keys were used. MUST write no key more often than once a minute, however often this is called. */
  markUsed(prefixes: readonly string[]): Promise<void>
}
