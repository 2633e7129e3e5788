import { readConfig } from '../runtime/config.ts'
import { createLog } from '../runtime/log.ts'
import { migrate } from '../runtime/migrations.ts'
import { reportFailure } from '../runtime/setup-problem.ts'
import { createStopSignal } from '../runtime/stop-signal.ts'

/** Brings the database at DATABASE_URL to the newest schema and makes the shared secrets, then ends. */
const main = async (): Promise<void> => {
  const config = readConfig(process.env, 'migrate')
  const log = createLog({ name: 'migrate', level: config.logLevel })
  using stop = createStopSignal({ log, shutdownTimeoutMs: config.shutdownTimeoutMs })

  // `readConfig` requires it of this role.
  const applied = await migrate(config.databaseUrl!, { log, signal: stop.signal })
  log.info({ applied: applied.length }, 'the database has the newest schema')
}

await main().catch(reportFailure)
