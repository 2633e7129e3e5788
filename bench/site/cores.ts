import { execFileSync } from 'node:child_process'
import { availableParallelism } from 'node:os'

/** The process under test has the first core to itself; the load, the servers and all other roles share the second. */
export const productCore = 0
const restCore = 1

/** Moves this process, and all that it starts from now on, to the second core. False where the machine cannot do it. */
export function keepToRestCore(): boolean {
  if (availableParallelism() < 2) return false
  try {
    execFileSync('taskset', ['-acp', String(restCore), String(process.pid)], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** Moves a running process with all its threads. */
export function moveToCore(pid: number, core: number): void {
  execFileSync('taskset', ['-acp', String(core), String(pid)], { stdio: 'ignore' })
}
