import { accessSync, constants, existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { runCommand } from './run-command.ts'
import type { CommandResult } from './run-command.ts'

const fetchWithinMs = 180_000

/** A tool of Debian's could not do what it was asked to; its last words are the message. */
export class PackageFault extends Error {
  override readonly name = 'PackageFault'
}

/** Installs a package on this machine, which only root may. */
export const installPackage = async (name: string, signal?: AbortSignal): Promise<void> => {
  const args = ['install', '-y', '--no-install-recommends', name]
  // The lists of packages may be missing (images of containers drop them) or old; so update only when needed.
  const first = await apt(args, { signal })
  if (first.exitCode === 0) return
  await apt(['update'], { signal })
  requireSuccess(await apt(args, { signal }))
}

/**
 * Downloads what of a package and of all that it needs is missing on this machine, and unpacks it below `root`, which appears
 * whole or not at all. Nothing is installed, so everybody may.
 */
export const unpackPackage = async (
  name: string,
  root: string,
  cache: string,
  finish: (draft: string) => Promise<void> = async () => undefined,
  signal?: AbortSignal,
): Promise<void> => {
  const work = await mkdtemp(join(cache, 'fetch-'))
  try {
    const packages = await download(name, work, signal)
    const draft = join(work, 'root')
    await mkdir(draft)
    for (const file of packages) {
      requireSuccess(await runTool('dpkg', ['-x', join(work, file), draft], { signal }))
    }
    await finish(draft)
    await rename(draft, root)
  } catch (error) {
    if (!existsSync(root)) throw error // else another instance was faster
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

/** First with the system's lists of packages; where those are missing or old, with fresh ones of our own. */
const download = async (name: string, work: string, signal?: AbortSignal): Promise<readonly string[]> => {
  const privateLists = join(work, 'lists')
  const ownCache = ['-o', `Dir::Cache=${join(work, 'cache')}`]
  const ownState = [...ownCache, '-o', `Dir::State::Lists=${privateLists}`]
  await mkdir(join(work, 'cache/archives/partial'), { recursive: true })
  await mkdir(join(privateLists, 'partial'), { recursive: true })

  const withSystemLists = await downloadWith(name, ownCache, work, signal)
  if (withSystemLists.exitCode !== 0) {
    requireSuccess(await apt([...ownState, 'update'], { cwd: work, signal }))
    requireSuccess(await downloadWith(name, ownState, work, signal))
  }
  return (await readdir(work)).filter((file) => file.endsWith('.deb'))
}

const downloadWith = async (
  name: string,
  options: readonly string[],
  cwd: string,
  signal?: AbortSignal,
): Promise<CommandResult> => {
  const plan = await apt([...options, 'install', '--simulate', '--no-install-recommends', name], { cwd, signal })
  if (plan.exitCode !== 0) return plan
  const missing = [...plan.output.matchAll(/^Inst (\S+)/gm)].flatMap(([, found]) =>
    found === undefined ? [] : [found],
  )
  return apt([...options, 'download', ...new Set([...missing, name])], { cwd, signal })
}

/** Where the shared libraries below `root` lie, for LD_LIBRARY_PATH. */
export const listLibraries = async (root: string): Promise<string> => {
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

type ToolOptions = { readonly cwd?: string; readonly signal?: AbortSignal | undefined }

const apt = async (args: readonly string[], options: ToolOptions): Promise<CommandResult> =>
  runTool('apt-get', ['-q', ...args], options)

const runTool = async (tool: string, args: readonly string[], options: ToolOptions): Promise<CommandResult> => {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C', PATH: systemPath() }
  return runCommand(findTool(tool) ?? tool, args, { ...options, env, withinMs: fetchWithinMs })
}

const requireSuccess = ({ exitCode, output }: CommandResult): void => {
  if (exitCode !== 0) throw new PackageFault(output.trim())
}

/** dpkg calls tools of /sbin, which is not on every PATH. */
export const systemPath = (): string => [process.env['PATH'], '/usr/sbin', '/usr/bin', '/sbin', '/bin'].join(delimiter)

export const findTool = (name: string): string | null =>
  systemPath()
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find(isExecutable) ?? null

export const isExecutable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
