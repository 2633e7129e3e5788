import type { AuditActor, AuditEvent, AuditOrigin, AuditPage } from '../domain/audit.ts'
import { refuseUnknown } from '../domain/poll-life.ts'
import { isRefused, type Refused, refuse } from '../domain/refusal.ts'
import type { AuditLog } from '../ports/audit-log.ts'
import type { Caller } from '../ports/poll-admin.ts'
import type { SecretStore } from '../ports/secrets.ts'
import { authorizeScope, type Holder } from './authorize.ts'
import { judgeFor } from './judge-bearer.ts'
import { createFindPoll, type FindPollParts } from './manage-polls/find-poll.ts'
import { createSealPlace } from './seal-place.ts'

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
 * may know, but not who else it was: where others sit, and which keys they have, is for whoever runs the service. So is how much was done to other
 * polls meanwhile, which the gaps between ids would tell.
 */
export type ReadAudit = (
  caller: Caller,
  pollId: string | null,
  cursor: string | null,
  pageSize: number,
) => Promise<AuditPage | Refused>

export function createReadAudit(
  parts: FindPollParts & { readonly audit: Pick<AuditLog, 'list'>; readonly secrets: SecretStore },
): ReadAudit {
  const { judgeBearer, audit, secrets } = parts
  const findPoll = createFindPoll(parts)

  async function readOwn(pollId: string, cursor: string | null, pageSize: number): Promise<AuditPage | null> {
    const places = createSealPlace((await secrets.read()).service)
    const place = cursor === null ? null : places.open(pollId, cursor)
    if (cursor !== null && place === null) return null
    const page = await audit.list(pollId, place, pageSize)
    if (page === null) return null
    const { events, nextCursor } = page
    return {
      events: events.map((event) => ({ ...withoutOrigin(event), id: places.seal(pollId, event.id) })),
      nextCursor: nextCursor === null ? null : places.seal(pollId, nextCursor),
    }
  }

  async function readAll({ bearer }: Caller, cursor: string | null, pageSize: number): Promise<AuditPage | Refused> {
    const holder = await judgeFor(judgeBearer, bearer, (shown) => authorizeScope(shown, 'admin'))
    return isRefused(holder) ? holder : ((await audit.list(null, cursor, pageSize)) ?? unknownCursor)
  }

  return async (caller, pollId, cursor, pageSize) => {
    if (pollId === null) return readAll(caller, cursor, pageSize)
    const found = await findPoll(caller, pollId, 'polls:read')
    if (isRefused(found)) return found
    if (found.poll.status === 'deleted') return refuseUnknown()
    const isOperator = authorizeScope(found.holder, 'admin') === null
    const read = isOperator ? audit.list : readOwn
    return (await read(pollId, cursor, pageSize)) ?? unknownCursor
  }
}

const unknownCursor = refuse('invalid_body', 'This cursor was not given by a page before.')

function withoutOrigin(event: AuditEvent): AuditEvent {
  return { ...event, actorKey: null, address: null, requestId: null }
}
