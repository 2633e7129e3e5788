import { createPartitionLease } from '../adapters/postgres/partition-lease.ts'
import { createPollSnapshots } from '../adapters/postgres/poll-snapshots.ts'
import { createPollStore } from '../adapters/postgres/poll-store.ts'
import { createSecretStore } from '../adapters/postgres/secrets.ts'
import { createSetAsideVotes } from '../adapters/postgres/set-aside.ts'
import { createVoteLedger } from '../adapters/postgres/vote-ledger.ts'
import { createVoteIds } from '../application/cast-vote/vote-id.ts'
import { createTraceVote, type Trace, type Untraceable } from '../application/trace-vote.ts'
import { readConfig } from '../runtime/config.ts'
import { locateEmbeddedPostgres } from '../runtime/embedded-postgres.ts'
import { connectPostgres } from '../runtime/postgres-pool.ts'
import { SetupProblem } from '../runtime/setup-problem.ts'
import { parseWords } from '../terminal/parse-words.ts'
import { explainStart } from './explain-start.ts'
import { describeTrace } from './trace-report.ts'

const usage = `Says what has become of a vote. Changes nothing, and never says what was chosen.

  npm run trace -- <vote_id>    the id that the answer to the vote had

It reads the database that DATABASE_URL names; else that of the Tallycast that runs on DATA_DIR (default ./data).
Exit status: 0 it counts, a later one does, or it waits to be recorded; 1 it was set aside or is missing; 2 it could not be looked up, or
the votes of its round were pruned.`

const exitCodes = { doesNotCount: 1, notKnown: 2 }
const statementTimeoutMs = 10_000

/** Follows a vote through the stores: `npm run trace`. Reads PostgreSQL alone. */
async function main(): Promise<void> {
  const given = parseWords(process.argv.slice(2), {})
  if (given === null) return console.log(usage)
  const [voteId, ...more] = typeof given === 'string' ? [] : given.positionals
  if (voteId === undefined || more.length > 0) {
    process.exitCode = exitCodes.notKnown
    return console.error(`${typeof given === 'string' ? given : 'Name one vote.'}\n\n${usage}`)
  }
  const found = await trace(voteId)
  if (typeof found === 'string' || found.fate === 'pruned') process.exitCode = exitCodes.notKnown
  else if (found.fate === 'set_aside' || found.fate === 'missing') process.exitCode = exitCodes.doesNotCount
  console.log(describeTrace(found))
}

async function trace(voteId: string): Promise<Trace | Untraceable> {
  const config = readConfig(process.env, 'trace')
  const databaseUrl = config.databaseUrl ?? locateEmbeddedPostgres(config.dataDir)
  const pool = connectPostgres(databaseUrl, { max: 1, applicationName: 'tallycast trace', statementTimeoutMs })
  try {
    const traceVote = createTraceVote({
      voteIds: createVoteIds((await createSecretStore(pool).read()).service),
      polls: createPollStore(pool),
      ledger: createVoteLedger(pool),
      lease: createPartitionLease(pool),
      setAside: createSetAsideVotes(pool),
      snapshots: createPollSnapshots(pool),
    })
    return await traceVote(voteId)
  } finally {
    await pool.end()
  }
}

await main().catch((fault: unknown) => {
  process.exitCode ??= exitCodes.notKnown
  const explained = explainStart(fault)
  console.error(
    explained instanceof SetupProblem
      ? `The vote cannot be looked up: ${explained.message}\nWhat to do: ${explained.remedy}`
      : explained,
  )
})
