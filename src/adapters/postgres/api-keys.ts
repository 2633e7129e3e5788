import type pg from 'pg'
import type { ApiKey, Scope } from '../../domain/api-key.ts'
import type { AuditNote } from '../../domain/audit.ts'
import type { ApiKeys, FoundApiKey, NewApiKey } from '../../ports/api-keys.ts'
import { appendNote, noteValues } from './audit-log.ts'
import { orUnavailable } from './faults.ts'
import { toDate } from './rows.ts'

/** Keys in PostgreSQL. The pool MUST lead to the primary: a replica could still know a revoked key as a good one. */
export function createApiKeys(pool: pg.Pool): ApiKeys {
  return {
    create: (key, note) => orUnavailable('ledger', () => createKey(pool, key, note)),
    find: (prefix) => orUnavailable('ledger', () => findKey(pool, prefix)),
    list: (cursor, pageSize) => orUnavailable('ledger', () => listKeys(pool, cursor, pageSize)),
    revoke: (prefix, note) => orUnavailable('ledger', () => revokeKey(pool, prefix, note)),
    markUsed: (prefixes) => orUnavailable('ledger', () => markUsed(pool, prefixes)),
  }
}

const COLUMNS = 'prefix, name, scopes, created_at, expires_at, revoked_at, last_used_at'

/** A constraint of the table keeps `scopes` to its words. */
type KeyRow = {
  readonly prefix: string
  readonly name: string
  readonly scopes: readonly Scope[]
  readonly created_at: Date
  readonly expires_at: Date | null
  readonly revoked_at: Date | null
  readonly last_used_at: Date | null
}

function toKey(row: KeyRow): ApiKey {
  return {
    prefix: row.prefix,
    name: row.name,
    scopes: row.scopes,
    createdAt: row.created_at.getTime(),
    expiresAt: row.expires_at?.getTime() ?? null,
    revokedAt: row.revoked_at?.getTime() ?? null,
    lastUsedAt: row.last_used_at?.getTime() ?? null,
  }
}

const CREATE = `
  with created as (
    insert into api_key (prefix, name, scopes, expires_at, hash)
    values ($1, $2, $3, $4, decode($5, 'hex'))
    on conflict (prefix) do nothing
    returning ${COLUMNS}
  ), noted as (${appendNote('created', { keyPrefix: 'created.prefix' }, 6)}
  )
  select * from created`

async function createKey(pool: pg.Pool, key: NewApiKey, note: AuditNote | undefined): Promise<ApiKey | null> {
  const { prefix, name, scopes, expiresAt, hash } = key
  const values = [prefix, name, scopes, toDate(expiresAt), hash, ...noteValues(note)]
  const { rows } = await pool.query<KeyRow>(CREATE, values)
  return rows[0] === undefined ? null : toKey(rows[0])
}

const FIND = `select ${COLUMNS}, encode(hash, 'hex') as hash, clock_timestamp() as now from api_key where prefix = $1`

async function findKey(pool: pg.Pool, prefix: string): Promise<FoundApiKey | null> {
  const { rows } = await pool.query<KeyRow & { hash: string; now: Date }>(FIND, [prefix])
  const [row] = rows
  return row === undefined ? null : { key: toKey(row), hash: row.hash, now: row.now.getTime() }
}

const LIST = `
  select ${COLUMNS}
  from api_key
  where $1::timestamptz is null or (created_at, prefix) < ($1::timestamptz, $2::text)
  order by created_at desc, prefix desc
  limit $3`

async function listKeys(
  pool: pg.Pool,
  cursor: string | null,
  pageSize: number,
): Promise<{ keys: readonly ApiKey[]; nextCursor: string | null } | null> {
  const after = cursor === null ? { createdAt: null, prefix: null } : readCursor(cursor)
  if (after === null) return null
  // One more than a page holds tells whether another page follows.
  const { rows } = await pool.query<KeyRow>(LIST, [toDate(after.createdAt), after.prefix, pageSize + 1])
  const keys = rows.slice(0, pageSize).map(toKey)
  const last = keys.at(-1)
  return { keys, nextCursor: rows.length > pageSize && last ? writeCursor(last) : null }
}

/** Opaque for whoever carries it: where the page before ended. */
function writeCursor({ createdAt, prefix }: ApiKey): string {
  return Buffer.from(`api key ${createdAt} ${prefix}`).toString('base64url')
}

function readCursor(cursor: string): { createdAt: number; prefix: string } | null {
  const [, createdAt, prefix] =
    /^api key (\d{1,15}) ([0-9a-f]+)$/.exec(Buffer.from(cursor, 'base64url').toString()) ?? []
  return createdAt === undefined || prefix === undefined ? null : { createdAt: Number(createdAt), prefix }
}

/** One that has been revoked is written as it was, so that who asks again gets the same answer. */
const REVOKE = `
  with known as (
    select prefix as known_prefix, revoked_at as known_revoked_at from api_key where prefix = $1 for update
  ), revoked as (
    update api_key set revoked_at = coalesce(known_revoked_at, clock_timestamp())
    from known
    where prefix = known_prefix
    returning ${COLUMNS}
  ), noted as (${appendNote('known', { keyPrefix: 'known_prefix' }, 2)} and known_revoked_at is null
  )
  select * from revoked`

async function revokeKey(pool: pg.Pool, prefix: string, note: AuditNote | undefined): Promise<ApiKey | null> {
  const { rows } = await pool.query<KeyRow>(REVOKE, [prefix, ...noteValues(note)])
  return rows[0] === undefined ? null : toKey(rows[0])
}

const MARK_USED = `
  update api_key set last_used_at = clock_timestamp()
  where prefix = any ($1::text[]) and (last_used_at is null or last_used_at < clock_timestamp() - interval '1 minute')`

async function markUsed(pool: pg.Pool, prefixes: readonly string[]): Promise<void> {
  await pool.query(MARK_USED, [prefixes])
}
