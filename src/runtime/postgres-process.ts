import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { closeSync, existsSync, openSync, readFileSync, statSync } from 'node:fs'
import { chown, rename } from 'node:fs/promises'
import pg from 'pg'
import type { Running } from './keep-running.ts'
import type { PostgresBinaries } from './postgres-binaries.ts'
import { clusterPath, serverEnvironment, superuser } from './postgres-data.ts'
import type { PostgresPlaces } from './postgres-data.ts'
import type { ServerUser } from './server-user.ts'
import { SetupProblem } from './setup-problem.ts'
import { stopChild } from './stop-child.ts'
import { sleep } from './stop-signal.ts'

/** A crash before may have left much to recover. */
const readyWithinMs = 300_000
const readyPollMs = 15
const connectWithinMs = 5_000
const serverLogBytesMax = 10 * 1024 * 1024
const logTailCharacters = 2_000
const database = 'tallycast'

/** Fast shutdown writes a checkpoint; if the disk takes too long for that, the next start recovers from the log instead. */
export const postgresStopSteps = [
  { signal: 'SIGINT', withinMs: 5_000 },
  { signal: 'SIGQUIT', withinMs: 2_000 },
  { signal: 'SIGKILL', withinMs: 1_000 },
] as const

/** All that starting the server takes, but for the port. */
export type PostgresLaunch = {
  readonly places: PostgresPlaces
  readonly binaries: PostgresBinaries
  readonly user: ServerUser | null
  readonly password: string
  readonly settings: Readonly<Record<string, string>>
}

/** Where the server on this port is reached. */
export const postgresUrl = ({ password }: Pick<PostgresLaunch, 'password'>, port: number, name = database): string =>
  `postgres://${superuser}:${password}@127.0.0.1:${port}/${name}`

/** Starts the server and waits until it answers. Says 'port_taken' where another program has the port. */
export const launchPostgres = async (
  launch: PostgresLaunch,
  port: number,
  signal: AbortSignal | undefined,
): Promise<Running | 'port_taken'> => {
  const { serverLog } = launch.places
  await limitLog(serverLog)
  const logBefore = existsSync(serverLog) ? statSync(serverLog).size : 0
  const child = await spawnServer(launch, port)
  const { pid } = child
  try {
    if (pid !== undefined && (await becomesReady(child, postgresUrl(launch, port, 'postgres'), signal))) {
      return { child, pid }
    }
  } catch (error) {
    if (pid !== undefined) await stopChild(child, postgresStopSteps)
    throw error
  }
  const lastWords = readFileSync(serverLog).subarray(logBefore).toString('utf8').slice(-logTailCharacters).trim()
  if (lastWords.includes('Address already in use')) return 'port_taken'
  throw new SetupProblem(
    `the embedded PostgreSQL did not start. Its last words:\n${lastWords}`,
    `look into ${serverLog}; a full disk and a damaged data folder are the usual causes`,
  )
}

const limitLog = async (serverLog: string): Promise<void> => {
  if (existsSync(serverLog) && statSync(serverLog).size > serverLogBytesMax) await rename(serverLog, `${serverLog}.1`)
}

/**
 * The server stands in a session of its own: Ctrl-C in the terminal reaches Tallycast, which stops the server when its own
 * parts have ended. Its log goes to a file and not through us, so that it has somewhere to write when we are killed.
 */
const spawnServer = async (
  { places, binaries, user, settings }: PostgresLaunch,
  port: number,
): Promise<ChildProcess> => {
  const serverLog = openSync(places.serverLog, 'a', 0o600)
  if (user !== null) await chown(places.serverLog, user.uid, user.gid)
  try {
    const args = Object.entries({ ...settings, port: String(port) }).flatMap(([name, value]) => [
      '-c',
      `${name}=${value}`,
    ])
    return spawn(binaries.postgres, ['-D', clusterPath(places.cluster, user), ...args], {
      cwd: places.cluster,
      env: serverEnvironment,
      detached: true,
      stdio: ['ignore', serverLog, serverLog],
      ...user,
    })
  } finally {
    closeSync(serverLog)
  }
}

/** True when the server answers and our database is there; false when it ended before. */
const becomesReady = async (child: ChildProcess, url: string, signal: AbortSignal | undefined): Promise<boolean> => {
  let hasEnded = false
  const onEnd = (): void => {
    hasEnded = true
  }
  child.once('exit', onEnd)
  child.once('error', onEnd)
  const deadline = performance.now() + readyWithinMs
  while (!hasEnded) {
    signal?.throwIfAborted()
    if (await hasDatabase(url)) return !hasEnded
    if (performance.now() > deadline) throw new Error(`PostgreSQL was not ready within ${readyWithinMs} ms`)
    await sleep(readyPollMs, signal)
  }
  return false
}

/** Asks the server, and makes the database at the first start. False while the server does not answer yet. */
const hasDatabase = async (url: string): Promise<boolean> => {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: connectWithinMs })
  client.on('error', () => undefined) // the server may end while we ask; its exit tells
  try {
    await client.connect()
  } catch (error) {
    if (isNotYet(error)) return false
    throw error
  }
  try {
    const found = await client.query('select 1 from pg_database where datname = $1', [database])
    if (found.rowCount === 0) await client.query(`create database ${database}`)
    return true
  } finally {
    await client.end()
  }
}

/** Not listening yet, or listening and still recovering (57P03, cannot_connect_now). */
const isNotYet = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && ['ECONNREFUSED', 'ECONNRESET', '57P03'].includes(String(error.code))
