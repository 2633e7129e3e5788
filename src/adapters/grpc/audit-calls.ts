import type { AuditEvent, AuditPage } from '../../domain/audit.ts'
import type { AuditEvent as AuditEventMessage, AuditEvent__Output } from './gen/tallycast/admin/v1/AuditEvent.ts'
import type {
  ListAuditEventsResponse,
  ListAuditEventsResponse__Output,
} from './gen/tallycast/admin/v1/ListAuditEventsResponse.ts'
import { toMs, toTimestamp } from './times.ts'
import { auditActions, auditActors } from './words.ts'

const unspecified = 0

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
    action: auditActions.findName(event.action) ?? unspecified,
    actor: auditActors.findName(event.actor) ?? unspecified,
    actionWord: event.action,
    actorWord: event.actor,
    actorKey: event.actorKey ?? '',
    pollId: event.pollId ?? '',
    keyPrefix: event.keyPrefix ?? '',
    address: event.address ?? '',
    requestId: event.requestId ?? '',
  }
}

function readEvent(event: AuditEvent__Output): AuditEvent {
  if (event.at === null) throw new Error('the admin role told of an audit event without its time')
  return {
    id: event.id,
    at: toMs(event.at),
    // An admin that is older than this process tells no words, and knows all of its numbers.
    action: auditActions.wordOf(event.action) ?? event.actionWord,
    actor: auditActors.wordOf(event.actor) ?? event.actorWord,
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
