import { accessSync, constants, existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rename, rm, symlink } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { makeCacheFolder } from './cache-folder.ts'
import type { Log } from './log.ts'
import { runCommand } from './run-command.ts'
import type { CommandResult } from './run-command.ts'
import { SetupProblem } from './setup-problem.ts'

const fetchWithinMs = 180_000
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
    await install(signal)
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
    await unpackInto(root, cache, signal)
  }
  return { path: join(root, 'usr/bin/redis-server'), name: 'redis-server', libraries: await listLibraries(root) }
}

/** The lists of packages may be missing (images of containers drop them) or old; so update only when needed. */
const install = async (signal?: AbortSignal): Promise<void> => {
  const args = ['install', '-y', '--no-install-recommends', 'redis-server']
  const first = await apt(args, { signal })
  if (first.exitCode === 0) return
  await apt(['update'], { signal })
  requireSuccess(await apt(args, { signal }))
}

/** Downloads what is missing on this machine and unpacks it below `root`, which appears whole or not at all. */
const unpackInto = async (root: string, cache: string, signal?: AbortSignal): Promise<void> => {
  const work = await mkdtemp(join(cache, 'fetch-'))
  try {
    const packages = await download(work, signal)
    const draft = join(work, 'root')
    await mkdir(draft)
    for (const file of packages) {
      requireSuccess(await runTool('dpkg', ['-x', join(work, file), draft], { signal }))
    }
    // Redis is one program that acts by the name it is called by; the link of this name is in a package that also
    // sets up a system service, which nobody asked for.
    const server = join(draft, 'usr/bin/redis-server')
    if (!existsSync(server)) await symlink('redis-check-rdb', server)
    await rename(draft, root)
  } catch (error) {
    if (!existsSync(root)) throw error // else another instance was faster
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

/** First with the system's lists of packages; where those are missing or old, with fresh ones of our own. */
const download = async (work: string, signal?: AbortSignal): Promise<readonly string[]> => {
  const privateLists = join(work, 'lists')
  const ownCache = ['-o', `Dir::Cache=${join(work, 'cache')}`]
  const ownState = [...ownCache, '-o', `Dir::State::Lists=${privateLists}`]
  await mkdir(join(work, 'cache/archives/partial'), { recursive: true })
  await mkdir(join(privateLists, 'partial'), { recursive: true })

  const withSystemLists = await downloadWith(ownCache, work, signal)
  if (withSystemLists.exitCode !== 0) {
    requireSuccess(await apt([...ownState, 'update'], { cwd: work, signal }))
    requireSuccess(await downloadWith(ownState, work, signal))
  }
  return (await readdir(work)).filter((file) => file.endsWith('.deb'))
}

const downloadWith = async (options: readonly string[], cwd: string, signal?: AbortSignal): Promise<CommandResult> => {
  const plan = await apt([...options, 'install', '--simulate', '--no-install-recommends', 'redis-tools'], {
    cwd,
    signal,
  })
  if (plan.exitCode !== 0) return plan
  const missing = [...plan.output.matchAll(/^Inst (\S+)/gm)].flatMap(([, name]) => (name === undefined ? [] : [name]))
  return apt([...options, 'download', ...new Set([...missing, 'redis-tools'])], { cwd, signal })
}

type ToolOptions = { readonly cwd?: string; readonly signal?: AbortSignal | undefined }

const apt = async (args: readonly string[], options: ToolOptions): Promise<CommandResult> =>
  runTool('apt-get', ['-q', ...args], options)

const runTool = async (tool: string, args: readonly string[], options: ToolOptions): Promise<CommandResult> => {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C', PATH: systemPath() }
  return runCommand(findTool(tool) ?? tool, args, { ...options, env, withinMs: fetchWithinMs })
}

/** dpkg calls tools of /sbin, which is not on every PATH. */
const systemPath = (): string => [process.env['PATH'], '/usr/sbin', '/usr/bin', '/sbin', '/bin'].join(delimiter)

const requireSuccess = ({ exitCode, output }: CommandResult): void => {
  if (exitCode === 0) return
  throw new SetupProblem(`redis-server is missing and could not be fetched:\n${output.trim()}`, installItYourself)
}

const listLibraries = async (root: string): Promise<string> => {
  const folders: string[] = []
  for (const base of [join(root, 'usr/lib'), join(root, 'lib')]) {
    if (!existsSync(base)) continue
    folders.push(base)
    for (const entry of await readdir(base, { withFileTypes: true })) {
      if (entry.isDirectory()) folders.push(join(base, entry.name))
    }
  }
  return folders.join(':')
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

const findTool = (name: string): string | null =>
  systemPath()
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find(isExecutable) ?? null

const isExecutable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
