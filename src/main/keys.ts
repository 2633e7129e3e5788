import { styleText } from 'node:util'
import { createApiKeys } from '../adapters/postgres/api-keys.ts'
import { createKeepKeys, type KeepKeys } from '../application/manage-keys/keep-keys.ts'
import type { ApiKey } from '../domain/api-key.ts'
import type { AuditOrigin } from '../domain/audit.ts'
import { isRefused, type Refused } from '../domain/refusal.ts'
import { readConfig } from '../runtime/config.ts'
import { locateEmbeddedPostgres } from '../runtime/embedded-postgres.ts'
import { connectPostgres } from '../runtime/postgres-pool.ts'
import { SetupProblem } from '../runtime/setup-problem.ts'
import { explainStart } from './explain-start.ts'
import { type KeysCommand, readKeysCommand, usage } from './keys-options.ts'

/** What the audit log says of who makes and revokes keys here. */
const origin: AuditOrigin = { actor: 'command', actorKey: null, address: null, requestId: null }
const notDone = 2
const statementTimeoutMs = 10_000
const keysPerPage = 100
const dayMs = 86_400_000

/** Makes, lists and revokes API keys: `npm run keys`. Whoever reaches the database may. */
async function main(): Promise<void> {
  const command = readKeysCommand(process.argv.slice(2))
  if (command === null) return console.log(usage)
  if (typeof command === 'string') {
    process.exitCode = notDone
    return console.error(`${command}\n\n${usage}`)
  }
  const config = readConfig(process.env, 'keys')
  const databaseUrl = config.databaseUrl ?? locateEmbeddedPostgres(config.dataDir)
  const pool = connectPostgres(databaseUrl, { max: 1, applicationName: 'tallycast keys', statementTimeoutMs })
  try {
    const refused = await run(createKeepKeys(createApiKeys(pool)), command)
    if (refused === null) return
    process.exitCode = notDone
    console.error(refused.detail)
  } finally {
    await pool.end()
  }
}

async function run(keys: KeepKeys, command: KeysCommand): Promise<Refused | null> {
  switch (command.does) {
    case 'create':
      return create(keys, command)
    case 'list':
      return list(keys)
    case 'revoke': {
      const revoked = await keys.revoke(command.prefix, origin)
      if (isRefused(revoked)) return revoked
      console.log(`${describeKey(revoked)}\n\nIt is refused by every process within 10 s.`)
      return null
    }
  }
}

async function create(
  keys: KeepKeys,
  { name, scopes, expiresDays }: Extract<KeysCommand, { does: 'create' }>,
): Promise<Refused | null> {
  const expiresAt = expiresDays === null ? null : Date.now() + expiresDays * dayMs
  const created = await keys.create({ name, scopes, expiresAt }, origin)
  if (isRefused(created)) return created
  console.log(
    [
      describeKey(created.key),
      '',
      `  ${created.secret}`,
      '',
      'Keep it now: nobody can show it again. It is sent as  Authorization: Bearer tck_…',
    ].join('\n'),
  )
  return null
}

async function list(keys: KeepKeys): Promise<Refused | null> {
  let found = 0
  for (let cursor: string | null = null; ;) {
    const page = await keys.list(cursor, keysPerPage)
    if (isRefused(page)) return page
    for (const key of page.keys) console.log(describeKey(key))
    found += page.keys.length
    cursor = page.nextCursor
    if (cursor === null) break
  }
  if (found === 0) console.log('There are no API keys. Make one with: npm run keys -- create --name … --scopes …')
  return null
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

await main().catch((fault: unknown) => {
  process.exitCode = notDone
  const explained = explainStart(fault)
  console.error(
    explained instanceof SetupProblem
      ? `Nothing was done: ${explained.message}\nWhat to do: ${explained.remedy}`
      : explained,
  )
})
