import { existsSync, readFileSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { randomBytes } from 'node:crypto'

/** Moments of a vote's way, or of a close, at which a process of the tests may end or pause. */
export type HookPoint = 'after_append' | 'before_record' | 'after_commit' | 'after_publish' | 'before_shut'

/** What is to happen when a process comes to the point next. */
export type HookAction = 'SIGKILL' | 'SIGSTOP' | { readonly spinMs: number }

export type Hook = {
  /** The environment by which the processes find it. */
  readonly env: Readonly<Record<string, string>>
  /** The first process that comes to the point does this, once. */
  readonly set: (point: HookPoint, action: HookAction) => void
  /** Whether it has happened. */
  readonly isDone: () => boolean
  readonly clear: () => void
}

const variable = 'TEST_HOOK_FILE'

/** One hook for all processes that are given its environment. */
export const createHook = (): Hook => {
  const path = join(tmpdir(), `tallycast-hook-${randomBytes(8).toString('hex')}`)
  const clear = (): void => rmSync(path, { force: true })
  return {
    env: { [variable]: path },
    set: (point, action) => writeFileSync(path, `${point} ${typeof action === 'string' ? action : action.spinMs}`),
    isDone: () => !existsSync(path),
    clear,
  }
}

/** Called by a process of the tests at the point. What it does to itself happens before this returns. */
export const reach = (point: HookPoint): void => {
  const action = take(process.env[variable] ?? '', point)
  if (action === null) return
  if (!action.startsWith('SIG')) return spin(Number(action))
  process.kill(process.pid, action)
  // A signal to oneself is on its way for a moment; nothing else may happen in it.
  if (action === 'SIGKILL') spin(1_000)
}

/** What is to happen at the point, for one process alone of all that reach it at once; else null. */
const take = (path: string, point: HookPoint): string | null => {
  if (path === '' || !existsSync(path)) return null
  const own = `${path}-${process.pid}`
  try {
    const [wanted, action] = readFileSync(path, 'utf8').split(' ')
    if (wanted !== point || action === undefined) return null
    renameSync(path, own)
    unlinkSync(own)
    return action
  } catch (error) {
    // Another process was faster. Anything else is a fault of the test.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null // files throw nothing else
    throw error
  }
}

/** Nothing else happens in this process meanwhile. */
const spin = (ms: number): void => {
  const until = performance.now() + ms
  while (performance.now() < until) continue
}
