import { randomBytes } from 'node:crypto'
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { processIdentity } from './process-identity.ts'
import { SetupProblem } from './setup-problem.ts'

const attemptsMax = 5

type Holder = { readonly pid: number; readonly identity: string }

export type InstanceLock = { readonly release: () => void }

/**
 * Makes this process the only instance on a data folder. The lock names its holder by pid and start time, so that the lock
 * of a process that was killed is noticed as stale, even when the pid has been given to another process since.
 */
export const acquireInstanceLock = (folder: string): InstanceLock => {
  const path = join(folder, 'instance.lock')
  const identity = processIdentity(process.pid)
  if (identity === null) throw new Error('cannot tell when this process began')
  const mine = JSON.stringify({ pid: process.pid, identity } satisfies Holder)

  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    if (placeLock(path, mine)) {
      return {
        release: () => {
          if (read(path) === mine) rmSync(path, { force: true })
        },
      }
    }
    const found = read(path)
    if (found === null) continue
    const holder = parse(found)
    if (holder !== null && processIdentity(holder.pid) === holder.identity) throw inUse(folder, holder)
    removeStale(path, found)
  }
  throw new Error(`could not take the lock ${path} in ${attemptsMax} attempts`)
}

const inUse = (folder: string, holder: Holder): SetupProblem =>
  new SetupProblem(
    `the data folder ${folder} is in use by another running Tallycast (process ${holder.pid})`,
    `stop that one first (Ctrl-C in its terminal, or: kill ${holder.pid}), or give this one a folder of its own with DATA_DIR`,
  )

/** A link appears whole or not at all: nobody ever reads a half-written lock. */
const placeLock = (path: string, content: string): boolean => {
  const draft = `${path}.${randomBytes(6).toString('hex')}`
  writeFileSync(draft, content, { mode: 0o600 })
  try {
    linkSync(draft, path)
    return true
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false
    throw error
  } finally {
    rmSync(draft, { force: true })
  }
}

/**
 * Two instances may find the same stale lock. Deleting by name could delete the lock that the faster one has placed since;
 * so the file is moved aside first, and put back when it turns out to be a fresh one.
 */
const removeStale = (path: string, stale: string): void => {
  const aside = `${path}.${randomBytes(6).toString('hex')}`
  try {
    renameSync(path, aside)
    if (read(aside) !== stale) linkSync(aside, path)
  } catch (error) {
    if (!hasCode(error, 'ENOENT') && !hasCode(error, 'EEXIST')) throw error
  } finally {
    rmSync(aside, { force: true })
  }
}

const read = (path: string): string | null => {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return null
    throw error
  }
}

const parse = (content: string): Holder | null => {
  try {
    const value: unknown = JSON.parse(content)
    if (typeof value !== 'object' || value === null) return null
    if (!('pid' in value) || !('identity' in value)) return null
    const { pid, identity } = value
    return typeof pid === 'number' && typeof identity === 'string' ? { pid, identity } : null
  } catch {
    return null // not a lock that we wrote: stale
  }
}

const hasCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code
