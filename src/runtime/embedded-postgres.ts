import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { totalmem } from 'node:os'
import { resolve } from 'node:path'
import { findFreePort } from './free-port.ts'
import { acquireInstanceLock } from './instance-lock.ts'
import { keepRunning } from './keep-running.ts'
import type { Running } from './keep-running.ts'
import type { Log } from './log.ts'
import { findPostgresBinaries } from './postgres-binaries.ts'
import * as data from './postgres-data.ts'
import type { PostgresPlaces } from './postgres-data.ts'
import { pageCacheMegabytes } from './postgres-memory.ts'
import { launchPostgres, postgresStopSteps, postgresUrl } from './postgres-process.ts'
import type { PostgresLaunch } from './postgres-process.ts'
import { findServerUser } from './server-user.ts'
import { SetupProblem } from './setup-problem.ts'

const portAttemptsMax = 3

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
  /** Whether it is started again, on the same port, when it ends unasked. */
  readonly isRestarted?: boolean
  /** Server settings on top of ours. */
  readonly settings?: Readonly<Record<string, string>>
}

export type EmbeddedPostgres = {
  readonly databaseUrl: string
  readonly pid: () => number
  readonly stop: () => Promise<void>
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

/**
 * Starts the PostgreSQL that npm brought, on data of its own, reachable from this machine alone and with a password, and
 * keeps it running. Throws a SetupProblem where its user can mend what is wrong.
 */
export const startEmbeddedPostgres = async (options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> => {
  const { dataDir, log, signal, isRestarted = true } = options
  const places = await data.preparePlaces(dataDir)
  const lock = acquireInstanceLock(places.folder)
  try {
    const launch = await prepareLaunch(places, options)
    const { running, port } = await launchOnFreePort(launch, options.port ?? rememberedPort(places), signal)
    log.debug({ serverPid: running.pid, port }, 'embedded PostgreSQL runs')
    writeFileSync(places.port, `${port}\n`)

    const startAgain = async (stopping: AbortSignal): Promise<Running> => {
      const again = await launchPostgres(launch, port, stopping)
      if (again === 'port_taken') throw new Error(`another program has taken port ${port}`)
      return again
    }
    const server = keepRunning(running, {
      name: 'PostgreSQL',
      log,
      stopSteps: postgresStopSteps,
      // With SIGTERM it would stay for as long as somebody is connected; killed, it would leave its own children behind.
      atExit: 'SIGQUIT',
      startAgain,
      isRestarted,
    })
    const stop = async (): Promise<void> => {
      await server.stop()
      lock.release()
    }
    return { databaseUrl: postgresUrl(launch, port), pid: server.pid, stop, [Symbol.asyncDispose]: stop }
  } catch (error) {
    lock.release()
    throw error
  }
}

/**
 * Where the embedded PostgreSQL answers that runs on this data folder, for a program that comes beside the Tallycast that started
 * it. Throws a SetupProblem where none runs.
 */
export const locateEmbeddedPostgres = (dataDir: string): string => {
  const places = data.findPlaces(dataDir)
  if (places === null || data.runningServer(places) === null) {
    throw new SetupProblem(
      places === null
        ? `there is no data folder ${resolve(dataDir)}, and DATABASE_URL names no database`
        : `no Tallycast runs on the data folder ${places.folder}, and DATABASE_URL names no database`,
      'start Tallycast (npm start), name the folder of the one that runs with DATA_DIR, or its database with DATABASE_URL',
    )
  }
  return postgresUrl({ password: readFileSync(places.password, 'utf8').trim() }, rememberedPort(places))
}

/** Everything up to a cluster that a server can be started on. Called by the holder of the lock. */
const prepareLaunch = async (
  places: PostgresPlaces,
  { log, signal, isDurable = true, settings = {} }: EmbeddedPostgresOptions,
): Promise<PostgresLaunch> => {
  const user = data.ownerOf(places.cluster, findServerUser())
  const binaries = await findPostgresBinaries(user)
  const password = await data.readPassword(places)
  if (existsSync(places.cluster)) {
    data.requireSameMajor(places, binaries)
    await data.stopOrphan(places, log)
  } else {
    await data.createCluster(places, binaries, user, isDurable, signal)
  }
  return { places, binaries, user, password, settings: { ...baseSettings(isDurable), ...settings } }
}

/** Another program may take the port between our look and PostgreSQL's: then another one is tried. */
const launchOnFreePort = async (
  launch: PostgresLaunch,
  wished: number,
  signal: AbortSignal | undefined,
): Promise<{ readonly running: Running; readonly port: number }> => {
  for (let attempt = 0; attempt < portAttemptsMax; attempt++) {
    const port = await findFreePort(attempt === 0 ? wished : 0)
    const running = await launchPostgres(launch, port, signal)
    if (running !== 'port_taken') return { running, port }
  }
  throw new Error(`other programs took ${portAttemptsMax} ports, each just before PostgreSQL could`)
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
  // Between two checkpoints each page is written whole to the log once, and a poll of millions touches a page with each vote. What is
  // never written is never taken: up to so much for a flood of votes, and the usual few megabytes for a quiet day.
  max_wal_size: '4GB',
  shared_buffers: `${pageCacheMegabytes(totalmem(), process.constrainedMemory())}MB`,
  fsync: isDurable ? 'on' : 'off',
  full_page_writes: isDurable ? 'on' : 'off',
  // Also without fsync: what was answered survives a crash of the server itself.
  synchronous_commit: 'on',
})
