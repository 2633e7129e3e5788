import pg from 'pg'
import type { Log } from './log.ts'

const connectWithinMs = 5_000
const idleMs = 30_000
/** Whoever holds a lock for this long is stuck; nothing of ours holds one for a tenth of it when all is well. */
const lockTimeoutMsDefault = 5_000
/** Statements that may wait for a connection. While the server is away each waits `connectWithinMs`, and more come. */
const waitingMaxDefault = 1_000

type PoolOptions = {
  /** Most connections at once. */
  readonly max: number
  /** How the connections are called in pg_stat_activity. */
  readonly applicationName: string
  /** The server gives up a statement that takes longer. */
  readonly statementTimeoutMs: number
  /** The server gives up a statement that waits longer for a lock. */
  readonly lockTimeoutMs?: number
  /** Statements that may wait for a connection; a further one fails at once, and the caller is told to come back. */
  readonly waitingMax?: number
  readonly log?: Log
}

/** Connections to PostgreSQL, opened when needed. `end()` closes them. */
export const connectPostgres = (
  url: string,
  {
    max,
    applicationName,
    statementTimeoutMs,
    lockTimeoutMs = lockTimeoutMsDefault,
    waitingMax = waitingMaxDefault,
    log,
  }: PoolOptions,
): pg.Pool => {
  const pool = new pg.Pool({
    connectionString: url,
    max,
    application_name: applicationName,
    statement_timeout: statementTimeoutMs,
    lock_timeout: lockTimeoutMs,
    // The client's own limit, for a server that has gone silent and cannot keep to its own.
    query_timeout: statementTimeoutMs + 1_000,
    idle_in_transaction_session_timeout: statementTimeoutMs,
    connectionTimeoutMillis: connectWithinMs,
    idleTimeoutMillis: idleMs,
    keepAlive: true,
  })
  boundWaiting(pool, waitingMax)
  // An idle connection that breaks (PostgreSQL restarts) is replaced by the pool. Unheard, its error would end the process.
  // The error itself carries the whole connection, so only its words are logged; while the pool ends nobody needs to know.
  pool.on('error', ({ message }) => {
    if (!pool.ending) log?.warn({ reason: message }, 'an idle connection to PostgreSQL broke')
  })
  pool.on('release', (error: unknown) => {
    if (isSilence(error)) dropIdle(pool)
  })
  return pool
}

type Connect = (callback?: (error: Error) => void) => Promise<pg.PoolClient> | undefined

/** The pool itself lets any number wait. Its `query` comes this way too. */
const boundWaiting = (pool: pg.Pool, waitingMax: number): void => {
  // The types have an overload for each way of calling.
  const connect = pool.connect.bind(pool) as Connect
  const bounded: Connect = (callback) => {
    if (pool.waitingCount < waitingMax) return connect(callback)
    // In the words by which a connection that cannot be had is known.
    const full = new Error(`connection error: ${waitingMax} wait for a connection already`)
    if (callback === undefined) return Promise.reject(full)
    process.nextTick(callback, full)
    return undefined
  }
  Object.assign(pool, { connect: bounded })
}

/** What the driver says when a statement has outlasted the client's own limit. */
const isSilence = (error: unknown): boolean => error instanceof Error && error.message === 'Query read timeout'

/**
 * A server that has gone without a word is noticed by whoever waits for it, after some ten seconds. The idle connections of that
 * time are as dead, and each would keep its next user waiting as long: they all go at the first sign.
 */
const dropIdle = (pool: pg.Pool): void => {
  for (let idle = pool.idleCount; idle > 0; idle -= 1) {
    // Idle ones are handed out before any new one is opened.
    pool.connect().then(
      (client) => {
        // Its goodbye is answered by nobody; waiting for that must not keep a process from ending.
        ;(client as pg.PoolClient & { unref(): void }).unref() // which the types do not know
        client.release(true)
      },
      () => undefined,
    )
  }
}
