import { randomBytes } from 'node:crypto'
import { accessSync, constants, existsSync, openSync, closeSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { chown, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Log } from './log.ts'
import type { PostgresBinaries } from './postgres-binaries.ts'
import { isServerOn, processIdentity, stopProcess } from './process-identity.ts'
import { runCommand } from './run-command.ts'
import { canReach } from './server-user.ts'
import type { ServerUser } from './server-user.ts'
import { SetupProblem } from './setup-problem.ts'

const initWithinMs = 60_000
const orphanStopSteps = [
  { signal: 'SIGINT', withinMs: 10_000 },
  { signal: 'SIGQUIT', withinMs: 5_000 },
] as const

export const superuser = 'tallycast'

/** Where the parts of the embedded PostgreSQL lie below Tallycast's data folder. */
export type PostgresPlaces = {
  readonly folder: string
  readonly cluster: string
  readonly password: string
  readonly port: string
  readonly serverLog: string
}

/** Makes the data folder, or says why it cannot be used. */
export const preparePlaces = async (dataDir: string): Promise<PostgresPlaces> => {
  try {
    // Root's server runs as another user, who must be able to walk through.
    await mkdir(dataDir, { recursive: true, mode: process.getuid?.() === 0 ? 0o711 : 0o700 })
    accessSync(dataDir, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (cause) {
    const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown reason'
    if (reason === 'EEXIST' || reason === 'ENOTDIR') {
      throw new SetupProblem(
        `the data folder ${dataDir} cannot be made: there is a file of that name, or above it`,
        'name another folder with DATA_DIR, or move the file away',
        { cause },
      )
    }
    throw new SetupProblem(
      `the data folder ${dataDir} cannot be written (${reason})`,
      'make it writable for the user that starts Tallycast (chown, chmod), or name another folder with DATA_DIR',
      { cause },
    )
  }
  return placesIn(realpathSync(dataDir))
}

/** The same of a data folder that is there already; null where there is none. */
export const findPlaces = (dataDir: string): PostgresPlaces | null =>
  existsSync(dataDir) ? placesIn(realpathSync(dataDir)) : null

const placesIn = (folder: string): PostgresPlaces => ({
  folder,
  cluster: join(folder, 'postgres'),
  password: join(folder, 'postgres-password'),
  port: join(folder, 'postgres-port'),
  serverLog: join(folder, 'postgres.log'),
})

/** A cluster keeps the owner that it was made with: PostgreSQL refuses to run as anybody else, and so does it as root. */
export const ownerOf = (cluster: string, otherwise: ServerUser | null): ServerUser | null => {
  if (otherwise === null || !existsSync(cluster)) return otherwise
  const { uid, gid } = statSync(cluster)
  return uid === 0 ? otherwise : { uid, gid }
}

/**
 * How the server names its own folder. Below a folder that its user cannot enter no path leads there, but the server is
 * started inside, and the system's name for "where this process stands" needs no walk.
 */
export const clusterPath = (cluster: string, user: ServerUser | null): string => {
  if (canReach(user, cluster)) return cluster
  if (process.platform === 'linux') return '/proc/self/cwd'
  throw new SetupProblem(
    `PostgreSQL does not run as root, and the user nobody cannot enter ${cluster}`,
    'start Tallycast as an ordinary user, or name a folder that everybody can enter with DATA_DIR',
  )
}

/** The password of the only user, made at the first start and kept where only the owner can read it. */
export const readPassword = async (places: PostgresPlaces): Promise<string> => {
  if (existsSync(places.password)) return (await readFile(places.password, 'utf8')).trim()
  if (existsSync(places.cluster)) {
    throw new SetupProblem(
      `${places.password} is missing, and the database in ${places.cluster} opens with it alone`,
      'put the file back from your backup of the data folder, or start anew with another DATA_DIR',
    )
  }
  const password = randomBytes(24).toString('base64url')
  await writeFile(places.password, `${password}\n`, { mode: 0o600 })
  return password
}

/** Makes the cluster at the first start. It gets its name only when whole, so a start that was cut short leaves no ruin. */
export const createCluster = async (
  places: PostgresPlaces,
  binaries: PostgresBinaries,
  user: ServerUser | null,
  isDurable: boolean,
  signal: AbortSignal | undefined,
): Promise<void> => {
  const draft = `${places.cluster}.new`
  // An initdb that was cut short may have children that still write for a moment.
  await rm(draft, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
  await mkdir(draft, { mode: 0o700 })
  if (user !== null) {
    await chown(draft, user.uid, user.gid)
    await chown(places.password, user.uid, user.gid) // initdb opens it anew, as that user
  }
  const password = openSync(places.password, 'r')
  const args = [
    `--pgdata=${clusterPath(draft, user)}`,
    `--username=${superuser}`,
    '--pwfile=/dev/stdin',
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    // PostgreSQL's own C.UTF-8: the same order on every machine, whatever locales it has.
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--locale=C',
    ...(isDurable ? [] : ['--no-sync']),
  ]
  try {
    const options = { withinMs: initWithinMs, cwd: draft, env: serverEnvironment, stdin: password, user, signal }
    const { exitCode, output } = await runCommand(binaries.initdb, args, options)
    if (exitCode !== 0) throw new Error(`initdb ended with ${exitCode}:\n${output}`)
  } catch (cause) {
    signal?.throwIfAborted()
    throw new SetupProblem(
      'the embedded PostgreSQL could not make its database' +
        (isMissingLoader(cause) ? ' (its programs do not run on this system)' : `: ${String(cause)}`),
      'free some disk space if it is full; where the cause is the system (a Linux without glibc, for instance), set DATABASE_URL to a PostgreSQL of your own',
      { cause },
    )
  } finally {
    closeSync(password)
  }
  await rename(draft, places.cluster)
}

/** Nothing of our own environment may bend the server (PGOPTIONS, PGPORT, LANG …). */
export const serverEnvironment: NodeJS.ProcessEnv = {
  PATH: process.env['PATH'] ?? '/usr/bin:/bin',
  LC_ALL: 'C',
  TZ: 'UTC',
}

const isMissingLoader = (cause: unknown): boolean =>
  cause instanceof Error && 'code' in cause && cause.code === 'ENOENT'

/** PostgreSQL opens data of its own major version only. */
export const requireSameMajor = (places: PostgresPlaces, binaries: PostgresBinaries): void => {
  const found = readFileSync(join(places.cluster, 'PG_VERSION'), 'utf8').trim()
  if (found === binaries.major) return
  throw new SetupProblem(
    `the data in ${places.cluster} belongs to PostgreSQL ${found}, and this Tallycast brings PostgreSQL ${binaries.major}`,
    `start it with the earlier release once more and export the data with pg_dump, then import it into a new DATA_DIR (docs/operations.md, "Upgrade")`,
  )
}

/** The process of the server that runs on this folder; null where none does. */
export const runningServer = (places: PostgresPlaces): number | null => {
  const pid = readServerPid(places)
  return pid !== null && isServerOn(pid, 'postgres', places.cluster) ? pid : null
}

/** What the pid file says, true or not; null where it names no process that lives. */
const readServerPid = (places: PostgresPlaces): number | null => {
  const pidFile = pidFileOf(places)
  if (!existsSync(pidFile)) return null
  const pid = Number.parseInt(readFileSync(pidFile, 'utf8'), 10)
  return Number.isSafeInteger(pid) && pid > 1 && processIdentity(pid) !== null ? pid : null
}

const pidFileOf = ({ cluster }: PostgresPlaces): string => join(cluster, 'postmaster.pid')

/**
 * After a `kill -9` of Tallycast its PostgreSQL lives on. Only the holder of the instance lock comes here, so what still runs
 * on this folder is such an orphan: it is stopped, and its successor starts with settings and version of today.
 */
export const stopOrphan = async (places: PostgresPlaces, log: Log): Promise<void> => {
  const pid = readServerPid(places)
  if (pid === null) return
  if (runningServer(places) === null) {
    // The pid belongs to somebody else by now. PostgreSQL would take that one for its predecessor and refuse to start.
    await rm(pidFileOf(places), { force: true })
    return
  }
  log.warn({ serverPid: pid }, 'a PostgreSQL is left over from a Tallycast that was killed; stopping it')
  if (await stopProcess(pid, orphanStopSteps)) return
  throw new SetupProblem(
    `a PostgreSQL (process ${pid}) still runs on ${places.cluster} and does not stop`,
    `end it with: kill -QUIT ${pid}`,
  )
}
