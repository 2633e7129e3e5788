import { existsSync } from 'node:fs'
import { symlink } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { makeCacheFolder } from './cache-folder.ts'
import {
  findTool,
  installPackage,
  isExecutable,
  listLibraries,
  PackageFault,
  systemPath,
  unpackPackage,
} from './debian-packages.ts'
import type { Log } from './log.ts'
import { runCommand } from './run-command.ts'
import { SetupProblem } from './setup-problem.ts'

const versionWithinMs = 5_000
const leastMajor = { redis: 7, valkey: 8 }
const wellKnownFolders = ['/usr/bin', '/usr/local/bin', '/opt/homebrew/bin']

const installItYourself =
  'install Redis 7 or newer (Debian and Ubuntu: apt-get install redis-server; macOS: brew install redis), or set REDIS_URL to one of your own'

export type RedisProgram = {
  readonly path: string
  /** Its name as the system shows it for a running process. */
  readonly name: 'redis-server' | 'valkey-server'
  /** Where its shared libraries lie, for one that is not installed. */
  readonly libraries: string | null
}

/** Finds a Redis (or Valkey) server on PATH; else fetches Debian's and says so. */
export const findRedisProgram = async (log: Log, signal?: AbortSignal): Promise<RedisProgram> => {
  const program = findOnPath((process.env['PATH'] ?? '').split(delimiter)) ?? (await fetchProgram(log, signal))
  await requireVersion(program)
  return program
}

const findOnPath = (folders: readonly string[]): RedisProgram | null => {
  for (const name of ['redis-server', 'valkey-server'] as const) {
    for (const folder of folders) {
      const path = join(folder, name)
      if (isExecutable(path)) return { path, name, libraries: null }
    }
  }
  return null
}

const fetchProgram = async (log: Log, signal?: AbortSignal): Promise<RedisProgram> => {
  if (findTool('apt-get') === null)
    throw new SetupProblem('there is no redis-server on this machine', installItYourself)
  if (process.getuid?.() === 0) {
    log.warn('no redis-server on PATH: installing it with apt-get')
    await orSetupProblem(() => installPackage('redis-server', signal))
    const installed = findOnPath(wellKnownFolders)
    if (installed !== null) return installed
    throw new SetupProblem('apt-get installed redis-server, yet it is not there', installItYourself)
  }
  return fetchIntoCache(makeCacheFolder('redis'), log, signal)
}

/** What a user who may not install anything gets: Debian's package, unpacked into the cache once. */
export const fetchIntoCache = async (cache: string, log: Log, signal?: AbortSignal): Promise<RedisProgram> => {
  const root = join(cache, 'root')
  if (!existsSync(root)) {
    log.warn(
      { folder: root },
      'no redis-server on PATH: fetching the Debian package into the cache (nothing is installed)',
    )
    await orSetupProblem(() => unpackPackage('redis-tools', root, cache, linkServer, signal))
  }
  return { path: join(root, 'usr/bin/redis-server'), name: 'redis-server', libraries: await listLibraries(root) }
}

/** Whoever may not fetch it hears what to do instead. */
const orSetupProblem = async (work: () => Promise<void>): Promise<void> => {
  try {
    await work()
  } catch (cause) {
    if (!(cause instanceof PackageFault)) throw cause
    throw new SetupProblem(`redis-server is missing and could not be fetched:\n${cause.message}`, installItYourself, {
      cause,
    })
  }
}

/**
 * Redis is one program that acts by the name it is called by; the link of this name is in a package that also sets up a system
 * service, which nobody asked for.
 */
const linkServer = async (root: string): Promise<void> => {
  const server = join(root, 'usr/bin/redis-server')
  if (!existsSync(server)) await symlink('redis-check-rdb', server)
}

const requireVersion = async (program: RedisProgram): Promise<void> => {
  const { output } = await runCommand(program.path, ['--version'], {
    withinMs: versionWithinMs,
    env: redisEnvironment(program),
  })
  const [, kind = 'redis', major = '0'] = /(redis|valkey)?[^=]*\bv=(\d+)/i.exec(output) ?? []
  const least = kind.toLowerCase() === 'valkey' ? leastMajor.valkey : leastMajor.redis
  if (Number(major) >= least) return
  throw new SetupProblem(`${program.path} is too old or does not run (${output.trim()})`, installItYourself)
}

/** The environment in which the program finds its libraries. */
export const redisEnvironment = ({ libraries }: RedisProgram): NodeJS.ProcessEnv => ({
  PATH: systemPath(),
  LC_ALL: 'C',
  ...(libraries === null ? {} : { LD_LIBRARY_PATH: libraries }),
})
