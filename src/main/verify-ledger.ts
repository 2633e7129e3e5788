import { createPollSnapshots } from '../adapters/postgres/poll-snapshots.ts'
import { digestVotes, type LedgerDigest } from '../application/ledger-digest.ts'
import { readConfig } from '../runtime/config.ts'
import { locateEmbeddedPostgres } from '../runtime/embedded-postgres.ts'
import { connectPostgres } from '../runtime/postgres-pool.ts'
import { SetupProblem } from '../runtime/setup-problem.ts'

/** A poll of many millions of votes takes its time, and nobody else waits for this connection. */
const statementTimeoutMs = 600_000
const nothingShown = { revision: 0, version: 0 }

/** What the ledger holds of a round now, whatever has become of the poll; null where it does not know the poll. Changes nothing. */
export async function digestRound(pollId: string, round: number): Promise<LedgerDigest | null> {
  const config = readConfig(process.env, 'verify')
  const databaseUrl = config.databaseUrl ?? locateEmbeddedPostgres(config.dataDir)
  const pool = connectPostgres(databaseUrl, { max: 1, applicationName: 'tallycast verify', statementTimeoutMs })
  try {
    return await createPollSnapshots(pool).read(pollId, nothingShown, async (snapshot) => {
      if (snapshot === null) return null
      if ((await snapshot.pruned(round)) !== null) throw votesPruned(pollId, round)
      return digestVotes(snapshot.votesByVoter(round))
    })
  } finally {
    await pool.end()
  }
}

const votesPruned = (pollId: string, round: number): SetupProblem =>
  new SetupProblem(
    `the votes of round ${round} of poll ${pollId} are kept no longer, only what was signed of them`,
    'leave --ledger out, or name a backup from before they were pruned with DATABASE_URL',
  )
