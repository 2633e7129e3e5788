import type { AuditEvent, AuditPage } from '../../domain/audit.ts'
import type { AuditEvent as AuditEventMessage, AuditEvent__Output } from './gen/tallycast/admin/v1/AuditEvent.ts'
import type {
  ListAuditEventsResponse,
  ListAuditEventsResponse__Output,
} from './gen/tallycast/admin/v1/ListAuditEventsResponse.ts'
import { toMs, toTimestamp } from './times.ts'
import { auditActions, auditActors } from './words.ts'

export function auditMessage({ events, nextCursor }: AuditPage): ListAuditEventsResponse {
  return { events: events.map(eventMessage), nextPageToken: nextCursor ?? '' }
}

/** What the api hands on of an answer. */
export function readAuditPage({ events, nextPageToken }: ListAuditEventsResponse__Output): AuditPage {
  return { events: events.map(readEvent), nextCursor: orNull(nextPageToken) }
}

function eventMessage(event: AuditEvent): AuditEventMessage {
  return {
    id: event.id,
    at: toTimestamp(event.at),
    action: auditActions.nameOf(event.action),
    actor: auditActors.nameOf(event.actor),
    actorKey: event.actorKey ?? '',
    pollId: event.pollId ?? '',
    keyPrefix: event.keyPrefix ?? '',
    address: event.address ?? '',
    requestId: event.requestId ?? '',
  }
}

function readEvent(event: AuditEvent__Output): AuditEvent {
  const action = auditActions.wordOf(event.action)
  const actor = auditActors.wordOf(event.actor)
  if (action === undefined || actor === undefined || event.at === null) {
    throw new Error('the admin role told of an audit event in words that this version does not know')
  }
  return {
    id: event.id,
    at: toMs(event.at),
    action,
    actor,
    actorKey: orNull(event.actorKey),
    pollId: orNull(event.pollId),
    keyPrefix: orNull(event.keyPrefix),
    address: orNull(event.address),
    requestId: orNull(event.requestId),
  }
}

function orNull(text: string): string | null {
  return text === '' ? null : text
}
