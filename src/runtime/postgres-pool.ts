import pg from 'pg'
import type { Log } from './log.ts'

const connectWithinMs = 5_000
const idleMs = 30_000

type PoolOptions = {
  /** Most connections at once. */
  readonly max: number
  /** How the connections are called in pg_stat_activity. */
  readonly applicationName: string
  /** The server gives up a statement that takes longer. */
  readonly statementTimeoutMs: number
  readonly log?: Log
}

/** Connections to PostgreSQL, opened when needed. `end()` closes them. */
export const connectPostgres = (
  url: string,
  { max, applicationName, statementTimeoutMs, log }: PoolOptions,
): pg.Pool => {
  const pool = new pg.Pool({
    connectionString: url,
    max,
    application_name: applicationName,
    statement_timeout: statementTimeoutMs,
    // The client's own limit, for a server that has gone silent and cannot keep to its own.
    query_timeout: statementTimeoutMs + 1_000,
    idle_in_transaction_session_timeout: statementTimeoutMs,
    connectionTimeoutMillis: connectWithinMs,
    idleTimeoutMillis: idleMs,
    keepAlive: true,
  })
  // An idle connection that breaks (PostgreSQL restarts) is replaced by the pool. Unheard, its error would end the process.
  // The error itself carries the whole connection, so only its words are logged; while the pool ends nobody needs to know.
  pool.on('error', ({ message }) => {
    if (!pool.ending) log?.warn({ reason: message }, 'an idle connection to PostgreSQL broke')
  })
  return pool
}
