import type { ChildProcess } from 'node:child_process'
import type { StopStep } from './process-identity.ts'
import { waitFor } from './stop-signal.ts'

/** What each child that lives gets when this process exits before it: by then nobody is left to wait for it, or to insist. */
const lastSignals = new Map<ChildProcess, NodeJS.Signals>()
process.once('exit', () => {
  for (const [child, signal] of lastSignals) child.kill(signal)
})

/** Sends the child this signal, in place of the one that was named before, should this process exit while it lives. */
export const signalAtExit = (child: ChildProcess, signal: NodeJS.Signals): void => {
  lastSignals.set(child, signal)
  child.once('exit', () => lastSignals.delete(child))
}

/**
 * Asks a child of this process to end, more firmly step by step. False when it outlived them all. Should this process exit on the way,
 * the child gets `atExit` then, or else what the last step sends. Nobody is asked where the child has ended before: by then its pid may be a stranger's.
 */
export const stopChild = async (
  child: ChildProcess,
  steps: readonly StopStep[],
  atExit = steps.at(-1)?.signal,
): Promise<boolean> => {
  const isGone = (): boolean => hasEnded(child)
  if (!isGone() && atExit !== undefined) signalAtExit(child, atExit)
  for (const { signal, withinMs } of steps) {
    if (isGone()) return true
    child.kill(signal)
    if (await waitFor(isGone, { withinMs })) return true
  }
  return isGone()
}

/** Known as soon as its pid is given back: until then nobody else can have that. */
export const hasEnded = ({ exitCode, signalCode }: ChildProcess): boolean => exitCode !== null || signalCode !== null
