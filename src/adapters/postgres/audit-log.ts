import type pg from 'pg'
import type { AuditEvent, AuditNote, AuditPage } from '../../domain/audit.ts'
import type { AuditLog } from '../../ports/audit-log.ts'
import { orUnavailable } from './faults.ts'

/** Events in PostgreSQL, where a trigger refuses every change of them. */
export function createAuditLog(pool: pg.Pool): AuditLog {
  return {
    append: (note, pollId) => orUnavailable('ledger', () => append(pool, note, pollId)),
    list: (pollId, cursor, pageSize) => orUnavailable('ledger', () => listEvents(pool, pollId, cursor, pageSize)),
  }
}

/**
 * Appends a note for the row that `from` yields, in the statement that makes the change; nothing where the note is missing. It takes
 * the values of `noteValues` from the parameter with this number on.
 */
export function appendNote(
  from: string,
  about: { readonly pollId?: string; readonly keyPrefix?: string },
  firstParameter: number,
): string {
  const parameter = (place: number): string => `$${firstParameter + place}::text`
  return `
    insert into audit_event (action, actor, actor_key, address, request_id, poll_id, key_prefix)
    select ${[0, 1, 2, 3, 4].map(parameter).join(', ')}, ${about.pollId ?? 'null'}, ${about.keyPrefix ?? 'null'}
    from ${from}
    where ${parameter(0)} is not null`
}

export function noteValues(note: AuditNote | undefined): readonly (string | null)[] {
  if (note === undefined) return [null, null, null, null, null]
  return [note.action, note.actor, note.actorKey, note.address, note.requestId]
}

const APPEND = appendNote('(select $1::text as poll_id) as about', { pollId: 'about.poll_id' }, 2)

async function append(pool: pg.Pool, note: AuditNote, pollId: string | null): Promise<void> {
  await pool.query(APPEND, [pollId, ...noteValues(note)])
}

type AuditRow = {
  readonly id: string
  readonly at: Date
  readonly action: string
  readonly actor: string
  readonly actor_key: string | null
  readonly address: string | null
  readonly request_id: string | null
  readonly poll_id: string | null
  readonly key_prefix: string | null
}

const LIST = `
  select id, at, action, actor, actor_key, address, request_id, poll_id, key_prefix
  from audit_event
  where $1::bigint is null or id < $1
  order by id desc
  limit $2`

/** Of its own, so that it is read from the index of polls, whatever else has been done meanwhile. */
const LIST_OF_POLL = `
  select id, at, action, actor, actor_key, address, request_id, poll_id, key_prefix
  from audit_event
  where poll_id = $3 and ($1::bigint is null or id < $1)
  order by id desc
  limit $2`

async function listEvents(
  pool: pg.Pool,
  pollId: string | null,
  cursor: string | null,
  pageSize: number,
): Promise<AuditPage | null> {
  const before = cursor === null ? null : readCursor(cursor)
  if (cursor !== null && before === null) return null
  // One more than a page holds tells whether another page follows.
  const { rows } =
    pollId === null
      ? await pool.query<AuditRow>(LIST, [before, pageSize + 1])
      : await pool.query<AuditRow>(LIST_OF_POLL, [before, pageSize + 1, pollId])
  const page = rows.slice(0, pageSize)
  const last = page.at(-1)
  return { events: page.map(toEvent), nextCursor: rows.length > pageSize && last ? writeCursor(last.id) : null }
}

function toEvent(row: AuditRow): AuditEvent {
  return {
    id: row.id,
    at: row.at.getTime(),
    action: row.action,
    actor: row.actor,
    actorKey: row.actor_key,
    address: row.address,
    requestId: row.request_id,
    pollId: row.poll_id,
    keyPrefix: row.key_prefix,
  }
}

/** Opaque for whoever carries it: where the page before ended. */
function writeCursor(id: string): string {
  return Buffer.from(`audit ${id}`).toString('base64url')
}

function readCursor(cursor: string): string | null {
  return /^audit (\d{1,18})$/.exec(Buffer.from(cursor, 'base64url').toString())?.[1] ?? null
}
