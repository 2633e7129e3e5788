import type { AuditActor, AuditEvent, AuditOrigin, AuditPage } from '../domain/audit.ts'
import { refuseUnknown } from '../domain/poll-life.ts'
import { isRefused, type Refused, refuse } from '../domain/refusal.ts'
import type { AuditLog } from '../ports/audit-log.ts'
import type { Caller } from '../ports/poll-admin.ts'
import { authorizeScope, type Holder } from './authorize.ts'
import { judgeFor } from './judge-bearer.ts'
import { createFindPoll, type FindPollParts } from './manage-polls/find-poll.ts'

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

/**
 * Newest first. Everything, where `pollId` is null, needs the scope `admin`; what was done to one poll whoever may see it as its organiser
 * may know, but not who else it was: where others sit, and which keys they have, is for whoever runs the service.
 */
export type ReadAudit = (
  caller: Caller,
  pollId: string | null,
  cursor: string | null,
  pageSize: number,
) => Promise<AuditPage | Refused>

export function createReadAudit(parts: FindPollParts & { readonly audit: Pick<AuditLog, 'list'> }): ReadAudit {
  const findPoll = createFindPoll(parts)

  async function judge(caller: Caller, pollId: string | null): Promise<Holder | Refused> {
    if (pollId === null) {
      return judgeFor(parts.judgeBearer, caller.bearer, (shown) => authorizeScope(shown, 'admin'))
    }
    const found = await findPoll(caller, pollId, 'polls:read')
    if (isRefused(found)) return found
    return found.poll.status === 'deleted' ? refuseUnknown() : found.holder
  }

  return async (caller, pollId, cursor, pageSize) => {
    const holder = await judge(caller, pollId)
    if (isRefused(holder)) return holder
    const page = await parts.audit.list(pollId, cursor, pageSize)
    if (page === null) return refuse('invalid_body', 'This cursor was not given by a page before.')
    return authorizeScope(holder, 'admin') === null ? page : { ...page, events: page.events.map(withoutPlace) }
  }
}

function withoutPlace(event: AuditEvent): AuditEvent {
  return { ...event, actorKey: null, address: null, requestId: null }
}
