import type { AuditActor, AuditOrigin, AuditPage } from '../domain/audit.ts'
import { isRefused, type Refused, refuse } from '../domain/refusal.ts'
import type { AuditLog } from '../ports/audit-log.ts'
import type { Caller } from '../ports/poll-admin.ts'
import { authorizeScope, type Holder } from './authorize.ts'
import { judgeFor, type JudgeBearer } from './judge-bearer.ts'

const ACTORS = {
  operator: 'admin_token',
  key: 'api_key',
  organiser: 'manage_token',
} as const satisfies Record<Holder['is'], AuditActor>

/** What the audit log says of who acts; a holder of null showed nothing. */
export function originOf(holder: Holder | null, { address, requestId }: Caller): AuditOrigin {
  const actor = holder === null ? 'nobody' : ACTORS[holder.is]
  return { actor, actorKey: holder?.is === 'key' ? holder.key.prefix : null, address, requestId }
}

/** Newest first; needs the scope `admin`. */
export type ReadAudit = (caller: Caller, cursor: string | null, pageSize: number) => Promise<AuditPage | Refused>

export function createReadAudit(parts: {
  readonly audit: Pick<AuditLog, 'list'>
  readonly judgeBearer: Pick<JudgeBearer, 'judge'>
}): ReadAudit {
  return async ({ bearer }, cursor, pageSize) => {
    const holder = await judgeFor(parts.judgeBearer, bearer, (shown) => authorizeScope(shown, 'admin'))
    if (isRefused(holder)) return holder
    const page = await parts.audit.list(cursor, pageSize)
    return page ?? refuse('invalid_body', 'This cursor was not given by a page before.')
  }
}
