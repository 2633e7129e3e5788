import { styleText } from 'node:util'
import type { CreatedKey } from '../application/manage-keys/keep-keys.ts'
import type { ApiKey } from '../domain/api-key.ts'

/** What is said of keys: to a person, or to a program. */
export type KeysReport = {
  readonly created: (created: CreatedKey) => string
  readonly listed: (keys: readonly ApiKey[]) => string
  readonly revoked: (key: ApiKey) => string
}

export const textReport: KeysReport = {
  created: ({ key, secret }) =>
    [
      describeKey(key),
      '',
      `  ${secret}`,
      '',
      'Keep it now: nobody can show it again. It is sent as  Authorization: Bearer tck_…',
    ].join('\n'),
  listed: (keys) =>
    keys.length === 0
      ? 'There are no API keys. Make one with: npm run keys -- create --name … --scopes …'
      : keys.map(describeKey).join('\n'),
  revoked: (key) => `${describeKey(key)}\n\nIt is refused by every process within 10 s.`,
}

/** One document each, with the names and times that the HTTP API would have. */
export const jsonReport: KeysReport = {
  created: ({ key, secret }) => JSON.stringify({ ...keyBody(key), secret }),
  listed: (keys) => JSON.stringify({ keys: keys.map(keyBody) }),
  revoked: (key) => JSON.stringify(keyBody(key)),
}

function keyBody({ prefix, name, scopes, ...times }: ApiKey): object {
  const time = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString())
  return {
    prefix,
    name,
    scopes,
    created_at: time(times.createdAt),
    expires_at: time(times.expiresAt),
    revoked_at: time(times.revokedAt),
    last_used_at: time(times.lastUsedAt),
  }
}

function describeKey(key: ApiKey): string {
  const uses = key.lastUsedAt === null ? 'never used' : `last used ${timeText(key.lastUsedAt)}`
  const facts = [key.scopes.join(','), `created ${timeText(key.createdAt)}`, describeEnd(key), uses]
  return `${styleText('bold', key.prefix)}  ${key.name}\n            ${styleText('dim', facts.join(' · '))}`
}

function describeEnd({ revokedAt, expiresAt }: ApiKey): string {
  if (revokedAt !== null) return `REVOKED ${timeText(revokedAt)}`
  if (expiresAt === null) return 'never expires'
  return `${expiresAt <= Date.now() ? 'EXPIRED' : 'expires'} ${timeText(expiresAt)}`
}

/** To the second, UTC. */
function timeText(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`
}
