import { randomBytes } from 'node:crypto'
import { type ApiKey, type ApiKeyInput, defineKey, isKeyPrefix } from '../../domain/api-key.ts'
import type { AuditOrigin } from '../../domain/audit.ts'
import { isRefused, type Refused, refuse } from '../../domain/refusal.ts'
import type { ApiKeys } from '../../ports/api-keys.ts'
import { createSecret, hashToken } from '../authorize.ts'

/** `secret` is the whole key, as its holder shows it. */
export type CreatedKey = { readonly key: ApiKey; readonly secret: string }
export type KeyPage = { readonly keys: readonly ApiKey[]; readonly nextCursor: string | null }

/** What is done with keys, for whoever may. */
export type KeepKeys = {
  /** The secret is shown this once; only its hash is kept. */
  create(input: ApiKeyInput, origin: AuditOrigin): Promise<CreatedKey | Refused>
  /** Newest first, ended ones too. */
  list(cursor: string | null, pageSize: number): Promise<KeyPage | Refused>
  /** Ends the key for good; every process refuses it within 10 s. Asking again does no harm. */
  revoke(prefix: string, origin: AuditOrigin): Promise<ApiKey | Refused>
}

const prefixBytes = 5
/** 40 random bits: with a million keys one new key in a million finds its prefix taken. */
const prefixAttemptsMax = 3

/** `now` gives milliseconds since 1970. */
export function createKeepKeys(keys: Omit<ApiKeys, 'find' | 'markUsed'>, now: () => number = Date.now): KeepKeys {
  return {
    async create(input, origin) {
      const wanted = defineKey(input, now())
      if (isRefused(wanted)) return wanted
      for (let attempt = 0; attempt < prefixAttemptsMax; attempt += 1) {
        const prefix = randomBytes(prefixBytes).toString('hex')
        const secret = `tck_${prefix}_${createSecret()}`
        const key = await keys.create(
          { ...wanted, prefix, hash: hashToken(secret) },
          { ...origin, action: 'key_created' },
        )
        if (key !== null) return { key, secret }
      }
      throw new Error(`${prefixAttemptsMax} random prefixes in a row are taken`)
    },
    async list(cursor, pageSize) {
      return (
        (await keys.list(cursor, pageSize)) ?? refuse('invalid_body', 'This cursor was not given by a page before.')
      )
    },
    async revoke(prefix, origin) {
      const revoked = isKeyPrefix(prefix) ? await keys.revoke(prefix, { ...origin, action: 'key_revoked' }) : null
      return revoked ?? refuse('key_not_found', 'There is no API key with this prefix: the ten characters behind tck_.')
    },
  }
}
