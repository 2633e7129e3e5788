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
import { jsonReport, type KeysReport, textReport } from './keys-report.ts'
import { type KeysCommand, readKeysOptions, usage } from './keys-options.ts'

/** What the audit log says of who makes and revokes keys here. */
const origin: AuditOrigin = { actor: 'command', actorKey: null, address: null, requestId: null }
const notDone = 2
const statementTimeoutMs = 10_000
const keysPerPage = 100
const dayMs = 86_400_000

/** Makes, lists and revokes API keys: `npm run keys`. Whoever reaches the database may. */
async function main(): Promise<void> {
  const asked = readKeysOptions(process.argv.slice(2))
  if (asked === null) return console.log(usage)
  if (typeof asked === 'string') {
    process.exitCode = notDone
    return console.error(`${asked}\n\n${usage}`)
  }
  const config = readConfig(process.env, 'keys')
  const databaseUrl = config.databaseUrl ?? locateEmbeddedPostgres(config.dataDir)
  const pool = connectPostgres(databaseUrl, { max: 1, applicationName: 'tallycast keys', statementTimeoutMs })
  try {
    const report = asked.isJson ? jsonReport : textReport
    const refused = await run(createKeepKeys(createApiKeys(pool)), asked.command, report)
    if (refused === null) return
    process.exitCode = notDone
    console.error(refused.detail)
  } finally {
    await pool.end()
  }
}

async function run(keys: KeepKeys, command: KeysCommand, report: KeysReport): Promise<Refused | null> {
  switch (command.does) {
    case 'create':
      return create(keys, command, report)
    case 'list':
      return list(keys, report)
    case 'revoke': {
      const revoked = await keys.revoke(command.prefix, origin)
      if (isRefused(revoked)) return revoked
      console.log(report.revoked(revoked))
      return null
    }
  }
}

async function create(
  keys: KeepKeys,
  { name, scopes, expiresDays }: Extract<KeysCommand, { does: 'create' }>,
  report: KeysReport,
): Promise<Refused | null> {
  const expiresAt = expiresDays === null ? null : Date.now() + expiresDays * dayMs
  const created = await keys.create({ name, scopes, expiresAt }, origin)
  if (isRefused(created)) return created
  console.log(report.created(created))
  return null
}

async function list(keys: KeepKeys, report: KeysReport): Promise<Refused | null> {
  const found: ApiKey[] = []
  for (let cursor: string | null = null; ;) {
    const page = await keys.list(cursor, keysPerPage)
    if (isRefused(page)) return page
    found.push(...page.keys)
    cursor = page.nextCursor
    if (cursor === null) break
  }
  console.log(report.listed(found))
  return null
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
