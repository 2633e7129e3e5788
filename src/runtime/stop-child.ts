import type { ChildProcess } from 'node:child_process'
import type { StopStep } from './process-identity.ts'
import { waitFor } from './stop-signal.ts'

/**
 * Asks a child of this process to end, more firmly step by step. False when it outlived them all. Nobody is asked where the child has ended
 * before: by then its pid may be a stranger's.
 */
export const stopChild = async (child: ChildProcess, steps: readonly StopStep[]): Promise<boolean> => {
  const isGone = (): boolean => hasEnded(child)
  for (const { signal, withinMs } of steps) {
    if (isGone()) return true
    child.kill(signal)
    if (await waitFor(isGone, { withinMs })) return true
  }
  return isGone()
}

/** Known as soon as its pid is given back: until then nobody else can have that. */
export const hasEnded = ({ exitCode, signalCode }: ChildProcess): boolean => exitCode !== null || signalCode !== null
