import { execFileSync } from 'node:child_process'
import { readFileSync, readlinkSync } from 'node:fs'
import { waitFor } from './stop-signal.ts'

const lookTimeoutMs = 2_000

/**
 * What tells this life of a process from any other: the machine's boot and the moment the process began; null when it is
 * gone. A pid alone is no identity, since pids are used again. A dead child that nobody has reaped yet counts as gone.
 */
export const processIdentity = (pid: number): string | null => {
  if (process.platform !== 'linux') return look('ps', ['-o', 'lstart=', '-p', String(pid)])
  const stat = readText(`/proc/${pid}/stat`)
  if (stat === null) return null
  // The second field is the program's name in brackets and may hold spaces, so count from the last bracket:
  // the state is the 3rd field of all, the start time the 22nd.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  if (fields[0] === 'Z' || fields[0] === 'X') return null
  return `${readText('/proc/sys/kernel/random/boot_id')?.trim()} ${fields[19]}`
}

/** Whether the process lives and is the server called `program` that works in `folder` (a real path). */
export const isServerOn = (pid: number, program: string, folder: string): boolean => {
  if (processIdentity(pid) === null) return false
  if (process.platform !== 'linux') {
    const command = look('ps', ['-o', 'command=', '-p', String(pid)]) ?? ''
    const files = look('lsof', ['-a', '-p', String(pid), '-d', 'cwd', '-Fn']) ?? ''
    return command.includes(program) && files.split('\n').includes(`n${folder}`)
  }
  const name = readText(`/proc/${pid}/comm`)?.trim() ?? ''
  try {
    return name.startsWith(program) && readlinkSync(`/proc/${pid}/cwd`) === folder
  } catch {
    return false // gone in between, or another user's: in neither case one that we started
  }
}

export type StopStep = { readonly signal: NodeJS.Signals; readonly withinMs: number }

/** Asks a process to end, more firmly step by step. False when it outlived them all. */
export const stopProcess = async (pid: number, steps: readonly StopStep[]): Promise<boolean> => {
  const identity = processIdentity(pid)
  const isGone = (): boolean => identity === null || processIdentity(pid) !== identity
  for (const { signal, withinMs } of steps) {
    if (isGone()) return true
    try {
      process.kill(pid, signal)
    } catch {
      return isGone() // ended between the look and the signal
    }
    if (await waitFor(isGone, { withinMs })) return true
  }
  return isGone()
}

const readText = (path: string): string | null => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}

const look = (program: string, args: readonly string[]): string | null => {
  try {
    const output = execFileSync(program, args, {
      encoding: 'utf8',
      timeout: lookTimeoutMs,
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    return output.trim() === '' ? null : output.trim()
  } catch {
    return null
  }
}
