import { createPollStore } from '../adapters/postgres/poll-store.ts'
import { createTallies } from '../adapters/postgres/tallies.ts'
import { createRecountPolls, type RecountPolls } from '../application/recount-polls.ts'
import { formatNumber } from '../terminal/format-number.ts'
import { readConfig } from '../runtime/config.ts'
import { locateEmbeddedPostgres } from '../runtime/embedded-postgres.ts'
import { connectPostgres } from '../runtime/postgres-pool.ts'
import { SetupProblem } from '../runtime/setup-problem.ts'
import { explainStart } from './explain-start.ts'
import { readRecountOptions, usage } from './recount-options.ts'
import {
  addFinding,
  createJsonReport,
  createTextReport,
  type Findings,
  isEqual,
  nothingFound,
  type RecountReport,
} from './recount-report.ts'

/** What the shell is told; 1 only where something was counted and differs. */
const exitCodes = { differs: 1, notCounted: 2 }
/** A poll of many millions of votes takes its time, and nobody else waits for this connection. */
const statementTimeoutMs = 600_000
const progressEveryMs = 100
const clearLine = '\r\u001B[2K'

/** Counts the ledger anew and compares it with the tally: `npm run recount`. Reads PostgreSQL alone, and changes nothing. */
async function main(): Promise<void> {
  const asked = readRecountOptions(process.argv.slice(2))
  if (asked === null) return console.log(usage)
  if (typeof asked === 'string') {
    process.exitCode = exitCodes.notCounted
    return console.error(`${asked}\n\n${usage}`)
  }
  const config = readConfig(process.env, 'recount')
  const databaseUrl = config.databaseReplicaUrl ?? config.databaseUrl ?? locateEmbeddedPostgres(config.dataDir)
  const pool = connectPostgres(databaseUrl, { max: 1, applicationName: 'tallycast recount', statementTimeoutMs })
  try {
    const recounts = createRecountPolls({ polls: createPollStore(pool), tallies: createTallies(pool) })
    const report = asked.isJson ? createJsonReport(console.log) : createTextReport(console.log)
    if (asked.pollId === null) await recountAll(recounts, report)
    else await recountOne(recounts, asked.pollId, report)
  } finally {
    await pool.end()
  }
}

async function recountOne(recounts: RecountPolls, pollId: string, report: RecountReport): Promise<void> {
  const recounted = await recounts.one(pollId)
  if (recounted === null) {
    throw new SetupProblem(
      `there is no poll ${pollId}, or it has been deleted`,
      'take the id from the address of its page (/p/…) or from GET /polls; it may also be in another database, or not yet in a replica',
    )
  }
  report.poll(recounted)
  conclude(addFinding(nothingFound, recounted), report)
}

/** Shows each poll that differs at once, and of all others their number. */
async function recountAll(recounts: RecountPolls, report: RecountReport): Promise<void> {
  const progress = createProgress()
  let findings = nothingFound
  try {
    for await (const recounted of recounts.all()) {
      findings = addFinding(findings, recounted)
      if (!recounted.rounds.every(isEqual)) {
        progress.clear()
        report.poll(recounted)
        // Found is found, also when the rest cannot be counted.
        process.exitCode = exitCodes.differs
      }
      progress.show(findings)
    }
  } finally {
    progress.clear()
  }
  conclude(findings, report)
}

function conclude(findings: Findings, report: RecountReport): void {
  report.verdict(findings)
  if (findings.pollsThatDiffer > 0) process.exitCode = exitCodes.differs
}

/** In a terminal, how far it is; elsewhere nothing. */
function createProgress() {
  let shownAt = Number.NEGATIVE_INFINITY
  return {
    show({ polls, votes }: Findings): void {
      if (!process.stderr.isTTY || performance.now() - shownAt < progressEveryMs) return
      shownAt = performance.now()
      process.stderr.write(`${clearLine}  ${formatNumber(polls)} polls, ${formatNumber(votes)} votes …`)
    },
    clear(): void {
      if (process.stderr.isTTY) process.stderr.write(clearLine)
    },
  }
}

await main().catch((fault: unknown) => {
  process.exitCode ??= exitCodes.notCounted
  const explained = explainStart(fault)
  console.error(
    explained instanceof SetupProblem
      ? `The recount cannot be made: ${explained.message}\nWhat to do: ${explained.remedy}`
      : explained,
  )
})
