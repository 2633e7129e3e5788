/**
 * A process that starts the embedded PostgreSQL in the folder given, says where it answers, and stops it when asked to by
 * SIGINT; before that it shows that PostgreSQL still answers then. For tests that kill such a process.
 */
import pg from 'pg'
import { startEmbeddedPostgres } from '../../src/runtime/embedded-postgres.ts'
import { createLog } from '../../src/runtime/log.ts'
import { reportFailure } from '../../src/runtime/setup-problem.ts'
import { createStopSignal } from '../../src/runtime/stop-signal.ts'

const main = async (): Promise<void> => {
  const log = createLog({ name: 'hold', level: 'silent' })
  using stop = createStopSignal({ log })
  const dataDir = process.argv[2] ?? ''
  await using server = await startEmbeddedPostgres({ dataDir, log, signal: stop.signal, isDurable: false })
  console.log(JSON.stringify({ databaseUrl: server.databaseUrl, serverPid: server.pid() }))

  const asked = Promise.withResolvers<void>()
  stop.signal.addEventListener('abort', () => asked.resolve())
  // Ends with its parent too, so that a test that fails leaves nothing running.
  process.stdin.on('end', () => stop.stop('the end of its parent')).resume()
  await asked.promise
  process.stdin.destroy()

  const client = new pg.Client({ connectionString: server.databaseUrl })
  await client.connect()
  await client.query('select 1')
  await client.end()
  console.log('answered until the end')
}

await main().catch(reportFailure)
