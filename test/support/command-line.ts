import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { waitUntil } from './wait-until.ts'

export const commandLine = fileURLToPath(new URL('../../cli/src/main.ts', import.meta.url))
const endWithinMs = 25_000

export type CommandLine = {
  readonly stdout: () => string
  readonly stderr: () => string
  readonly signal: (which: NodeJS.Signals) => void
  /** Whoever reads its standard output goes away, as `head` does. */
  readonly stopReading: () => void
  /** Its exit code, when it has ended. */
  readonly ended: () => Promise<number | null>
}

/** Starts the command line as a person would, with nothing of our own environment but what finds programs. */
export function startCommandLine(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  command: readonly [string, ...(readonly string[])] = [process.execPath, commandLine],
): CommandLine {
  const { PATH = '', HOME = '' } = process.env
  const [file, ...before] = command
  const child = spawn(file, [...before, ...args], {
    env: { PATH, HOME, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    // Ends with the test run at the latest, also where the test has failed before its end.
    timeout: endWithinMs,
  })
  let stdout = ''
  let stderr = ''
  let ending: { readonly exitCode: number | null } | null = null
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString('utf8')))
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString('utf8')))
  child.once('close', (exitCode) => (ending = { exitCode }))
  return {
    stdout: () => stdout,
    stderr: () => stderr,
    signal: (which) => void child.kill(which),
    stopReading: () => child.stdout.destroy(),
    async ended() {
      await waitUntil(() => ending !== null, {
        withinMs: endWithinMs,
        what: () => `tallycast ends: ${stdout}${stderr}`,
      })
      // Just waited for.
      return ending!.exitCode
    },
  }
}

/** Runs it to its end. */
export async function runCommandLine(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<{ readonly exitCode: number | null; readonly stdout: string; readonly stderr: string }> {
  const command = startCommandLine(args, environment)
  const exitCode = await command.ended()
  return { exitCode, stdout: command.stdout(), stderr: command.stderr() }
}
