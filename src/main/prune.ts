import type { Pool } from 'pg'
import { createOldRounds } from '../adapters/postgres/old-rounds.ts'
import { createPollSnapshots } from '../adapters/postgres/poll-snapshots.ts'
import { createSecretStore } from '../adapters/postgres/secrets.ts'
import { createTallies } from '../adapters/postgres/tallies.ts'
import { createPruneRounds, type PruneRounds } from '../application/prune-rounds.ts'
import { createResultKeys } from '../application/result-keys.ts'
import { createSignSnapshot } from '../application/sign-snapshot.ts'
import type { AuditOrigin } from '../domain/audit.ts'
import { type Config, readConfig } from '../runtime/config.ts'
import { locateEmbeddedPostgres } from '../runtime/embedded-postgres.ts'
import { connectPostgres } from '../runtime/postgres-pool.ts'
import { SetupProblem } from '../runtime/setup-problem.ts'
import { explainStart } from './explain-start.ts'
import { type PruneOptions, readPruneOptions, usage } from './prune-options.ts'
import { jsonReport, type PruneSums, textReport } from './prune-report.ts'

/** What the audit log says of who prunes here. */
const origin: AuditOrigin = { actor: 'command', actorKey: null, address: null, requestId: null }
const exitCodes = { leftAlone: 1, notDone: 2 }
/** A round of many millions of votes is counted and signed before it goes, and nobody else waits for this connection. */
const statementTimeoutMs = 600_000

/** Takes the votes of old rounds out of the ledger: `npm run prune`. Whoever reaches the database may. */
async function main(): Promise<void> {
  const asked = readPruneOptions(process.argv.slice(2), Date.now())
  if (asked === null) return console.log(usage)
  if (typeof asked === 'string') {
    process.exitCode = exitCodes.notDone
    return console.error(`${asked}\n\n${usage}`)
  }
  const config = readConfig(process.env, 'prune')
  const databaseUrl = config.databaseUrl ?? locateEmbeddedPostgres(config.dataDir)
  const pool = connectPostgres(databaseUrl, { max: 1, applicationName: 'tallycast prune', statementTimeoutMs })
  try {
    const sums = await pruneAll(await createRounds(pool, config), asked)
    if (sums.leftAlone > 0) process.exitCode = exitCodes.leftAlone
  } finally {
    await pool.end()
  }
}

async function createRounds(pool: Pool, config: Config): Promise<PruneRounds> {
  const { resultSigning } = await createSecretStore(pool).read()
  const resultKeys = createResultKeys(config.resultSigningKey ?? resultSigning, [])
  return createPruneRounds({
    oldRounds: createOldRounds(pool),
    tallies: createTallies(pool),
    snapshots: createPollSnapshots(pool),
    signSnapshot: createSignSnapshot(resultKeys, config.publicUrl),
    origin,
  })
}

/** Says of each round at once what has become of it: found is found and gone is gone, also when the rest fails. */
async function pruneAll(rounds: PruneRounds, { before, pollId, isRemoving, isJson }: PruneOptions): Promise<PruneSums> {
  const report = isJson ? jsonReport : textReport
  let sums: PruneSums = { rounds: 0, votes: 0, leftAlone: 0 }
  for await (const round of rounds.list(before, pollId)) {
    const outcome = isRemoving ? await rounds.prune(round) : 'found'
    console.log(report.round(round, outcome))
    sums =
      outcome === 'pruned' || outcome === 'found'
        ? { ...sums, rounds: sums.rounds + 1, votes: sums.votes + round.votes }
        : { ...sums, leftAlone: sums.leftAlone + 1 }
  }
  console.log(report.end(sums, isRemoving))
  return sums
}

await main().catch((fault: unknown) => {
  process.exitCode = exitCodes.notDone
  const explained = explainStart(fault)
  console.error(
    explained instanceof SetupProblem
      ? `It was not done, or not to its end: ${explained.message}\nWhat to do: ${explained.remedy}`
      : explained,
  )
})
