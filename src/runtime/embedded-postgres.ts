import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { closeSync, existsSync, openSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { chown, rename } from 'node:fs/promises'
import pg from 'pg'
import { findFreePort } from './free-port.ts'
import { acquireInstanceLock } from './instance-lock.ts'
import type { Log } from './log.ts'
import { findPostgresBinaries } from './postgres-binaries.ts'
import type { PostgresBinaries } from './postgres-binaries.ts'
import * as data from './postgres-data.ts'
import type { PostgresPlaces } from './postgres-data.ts'
import { stopProcess } from './process-identity.ts'
import { findServerUser } from './server-user.ts'
import type { ServerUser } from './server-user.ts'
import { SetupProblem } from './setup-problem.ts'
import { sleep } from './stop-signal.ts'

/** A crash before may have left much to recover. */
const readyWithinMs = 300_000
const readyPollMs = 15
const portAttemptsMax = 3
const serverLogBytesMax = 10 * 1024 * 1024
const logTailCharacters = 2_000
const database = 'tallycast'

/** Fast shutdown writes a checkpoint; if the disk takes too long for that, the next start recovers from the log instead. */
const stopSteps = [
  { signal: 'SIGINT', withinMs: 5_000 },
  { signal: 'SIGQUIT', withinMs: 2_000 },
  { signal: 'SIGKILL', withinMs: 1_000 },
] as const

type EmbeddedPostgresOptions = {
  /** Tallycast's data folder; PostgreSQL gets a folder of its own in it. */
  readonly dataDir: string
  readonly log: Log
  /** Cuts the start short. It does not stop a server that runs: whoever uses it decides when that may happen. */
  readonly signal?: AbortSignal
  /** Loopback port; when not given the one of last time, if it is free. */
  readonly port?: number
  /** Whether what was committed survives a power failure. Off for throw-away data only. */
  readonly isDurable?: boolean
  /** Server settings on top of ours. */
  readonly settings?: Readonly<Record<string, string>>
}

export type EmbeddedPostgres = {
  readonly databaseUrl: string
  readonly pid: number
  readonly stop: () => Promise<void>
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

/**
 * Starts the PostgreSQL that npm brought, on data of its own, reachable from this machine alone and with a password.
 * Throws a SetupProblem where its user can mend what is wrong.
 */
export const startEmbeddedPostgres = async (options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> => {
  const { dataDir, log, signal, isDurable = true } = options
  const places = await data.preparePlaces(dataDir)
  const lock = acquireInstanceLock(places.folder)
  try {
    const user = data.ownerOf(places.cluster, findServerUser())
    const binaries = await findPostgresBinaries(user)
    const password = await data.readPassword(places)
    if (existsSync(places.cluster)) {
      data.requireSameMajor(places, binaries)
      await data.stopOrphan(places, log)
    } else {
      await data.createCluster(places, binaries, user, isDurable, signal)
    }
    const server = await startOnFreePort(options, places, binaries, user, password)
    const stop = async (): Promise<void> => {
      if (!(await stopProcess(server.pid, stopSteps))) log.error({ serverPid: server.pid }, 'PostgreSQL did not stop')
      lock.release()
    }
    return { ...server, stop, [Symbol.asyncDispose]: stop }
  } catch (error) {
    lock.release()
    throw error
  }
}

type Server = { readonly databaseUrl: string; readonly pid: number }

/** Another program may take the port between our look and PostgreSQL's: then the next one is tried. */
const startOnFreePort = async (
  { log, signal, isDurable = true, settings = {}, port: wished }: EmbeddedPostgresOptions,
  places: PostgresPlaces,
  binaries: PostgresBinaries,
  user: ServerUser | null,
  password: string,
): Promise<Server> => {
  const serverSettings = { ...baseSettings(isDurable), ...settings }
  for (let attempt = 1; ; attempt++) {
    const port = await findFreePort(attempt === 1 ? (wished ?? rememberedPort(places)) : 0)
    const child = await spawnServer(places, binaries, user, { ...serverSettings, port: String(port) })
    const { pid } = child
    const url = (name: string): string => `postgres://${data.superuser}:${password}@127.0.0.1:${port}/${name}`
    try {
      if (pid !== undefined && (await becomesReady(child, url('postgres'), signal))) {
        writeFileSync(places.port, `${port}\n`)
        log.debug({ serverPid: pid, port }, 'embedded PostgreSQL runs')
        return { databaseUrl: url(database), pid }
      }
    } catch (error) {
      if (pid !== undefined) await stopProcess(pid, stopSteps)
      throw error
    }
    const lastWords = readFileSync(places.serverLog, 'utf8').slice(-logTailCharacters)
    if (attempt < portAttemptsMax && lastWords.includes('Address already in use')) continue
    throw new SetupProblem(
      `the embedded PostgreSQL did not start. Its last words:\n${lastWords.trim()}`,
      `look into ${places.serverLog}; a full disk and a damaged data folder are the usual causes`,
    )
  }
}

const rememberedPort = (places: PostgresPlaces): number => {
  const port = existsSync(places.port) ? Number(readFileSync(places.port, 'utf8')) : 0
  return Number.isInteger(port) && port > 0 && port < 65_536 ? port : 0
}

const baseSettings = (isDurable: boolean): Record<string, string> => ({
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_checkpoints: 'off',
  logging_collector: 'off',
  fsync: isDurable ? 'on' : 'off',
  full_page_writes: isDurable ? 'on' : 'off',
  synchronous_commit: isDurable ? 'on' : 'off',
})

/**
 * The server stands in a session of its own: Ctrl-C in the terminal reaches Tallycast, which stops the server when its own
 * parts have ended. Its log goes to a file and not through us, so that it has somewhere to write when we are killed.
 */
const spawnServer = async (
  places: PostgresPlaces,
  binaries: PostgresBinaries,
  user: ServerUser | null,
  settings: Readonly<Record<string, string>>,
): Promise<ChildProcess> => {
  if (existsSync(places.serverLog) && statSync(places.serverLog).size > serverLogBytesMax) {
    await rename(places.serverLog, `${places.serverLog}.1`)
  }
  const serverLog = openSync(places.serverLog, 'a', 0o600)
  if (user !== null) await chown(places.serverLog, user.uid, user.gid)
  try {
    const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
    return spawn(binaries.postgres, ['-D', data.clusterPath(places.cluster, user), ...args], {
      cwd: places.cluster,
      env: data.serverEnvironment,
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
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 })
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
