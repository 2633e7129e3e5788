import { mkdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { SetupProblem } from './setup-problem.ts'

/**
 * A folder below the user's cache for programs that we copy or fetch. Never the shared temporary folder: what lies there may
 * be another user's, and we run it. Root's must be readable for `nobody`, which root's home is not.
 */
export const makeCacheFolder = (name: string): string => {
  const cache = process.getuid?.() === 0 ? '/var/cache' : (process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'))
  const folder = join(cache, 'tallycast', name)
  try {
    mkdirSync(folder, { recursive: true, mode: 0o755 })
    return folder
  } catch (cause) {
    throw new SetupProblem(
      `the cache folder ${folder} cannot be made`,
      'name a folder that you can write to with XDG_CACHE_HOME',
      { cause },
    )
  }
}
