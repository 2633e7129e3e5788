import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { keepOnLeash, type Leash } from './leash.ts'
import { waitUntil } from './wait-until.ts'

const outputCharactersMax = 200_000
const endWithinMs = 15_000
/** How long the pipes of a process that has ended may stay open. */
const drainMs = 1_000

export type Program =
  | 'api'
  | 'worker'
  | 'admin'
  | 'migrate'
  | 'all'
  | 'full'
  | 'demo'
  | 'recount'
  | 'keys'
  | 'trace'
  | 'verify'
  | 'prune'

export type ServerProcess = {
  readonly name: string
  readonly pid: () => number
  readonly isRunning: () => boolean
  /** What it has written so far, over all its lives; of much the end. */
  readonly output: () => string
  /** How many characters it has written so far. */
  readonly written: () => number
  /** What it has written since it had written so many characters; of much the end. */
  readonly outputSince: (written: number) => string
  readonly signal: (signal: NodeJS.Signals) => void
  /** Waits for its end. */
  readonly ended: (withinMs?: number) => Promise<Ending>
  /** Starts it again, for this life with more environment than it had at first. It must have ended. */
  readonly start: (more?: Readonly<Record<string, string>>) => void
  /** Asks it to end, insists after a while, and lets go of it. */
  readonly stop: () => Promise<void>
}

export type Ending = { readonly exitCode: number | null; readonly signal: NodeJS.Signals | null }

type ProcessPlan = {
  readonly name: string
  /** A role, or the path of a test's own composition root below `test/support/`. */
  readonly program: Program | `${string}.ts`
  readonly env?: Readonly<Record<string, string>>
  readonly args?: readonly string[]
}

/** Starts `node src/main/<program>.ts` (or a program of the tests') as a person would, with nothing of our own environment but what finds programs. */
export const startServerProcess = ({ name, program, env = {}, args = [] }: ProcessPlan): ServerProcess => {
  const source = program.endsWith('.ts') ? `./${program}` : `../../src/main/${program}.ts`
  const path = fileURLToPath(new URL(source, import.meta.url))
  const folder = mkdtempSync(join(tmpdir(), 'tallycast-process-'))
  const leash: Leash = keepOnLeash(folder, 'pid')
  let output = ''
  let written = 0
  let child: ChildProcess
  let ending: Ending | null = null

  const keepOutput = (text: string): void => {
    written += text.length
    output = (output + text).slice(-outputCharactersMax)
  }
  const start: ServerProcess['start'] = (more) => {
    const { PATH = '', HOME = '' } = process.env
    // In a group of its own: what a person's Ctrl-C sends to the test run reaches it through our own stop alone.
    const begun = spawn(process.execPath, [path, ...args], {
      env: { PATH, HOME, ...env, ...more },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    })
    child = begun
    ending = null
    writeFileSync(join(folder, 'pid'), `${begun.pid}\n`)
    // A character may come in two pieces.
    begun.stdout.setEncoding('utf8').on('data', keepOutput)
    begun.stderr.setEncoding('utf8').on('data', keepOutput)
    const end = (): void => {
      // Not of a later life, which the one before may still be heard in.
      if (child === begun) ending ??= { exitCode: begun.exitCode, signal: begun.signalCode }
    }
    // By then all that it has written is read; or, where a child of its own holds the pipes open, what there is.
    begun.once('close', end)
    begun.once('exit', () => setTimeout(end, drainMs).unref())
  }
  const signal = (which: NodeJS.Signals): void => void child.kill(which)
  const ended = async (withinMs = endWithinMs): Promise<Ending> => {
    await waitUntil(() => ending !== null, { withinMs, what: `${name} has ended` })
    // Just waited for.
    return ending!
  }
  start()
  return {
    name,
    // A process that could not be started fails the test on the next line that needs it.
    pid: () => child.pid ?? 0,
    isRunning: () => ending === null,
    output: () => output,
    written: () => written,
    outputSince: (before) => (written > before ? output.slice(before - written) : ''),
    signal,
    ended,
    start,
    async stop() {
      if (ending === null) {
        signal('SIGCONT')
        signal('SIGTERM')
        const insist = setTimeout(signal, endWithinMs, 'SIGKILL')
        await ended(2 * endWithinMs)
        clearTimeout(insist)
      }
      rmSync(folder, { recursive: true, force: true })
      leash.release()
    },
  }
}

/** Waits until the process says of itself that it serves, and fails with its output when it ends instead. */
export const becomesReady = async (server: ServerProcess, opsPort: number, withinMs = 30_000): Promise<void> => {
  const isReady = async (): Promise<boolean> => {
    if (!server.isRunning()) throw new Error(`${server.name} ended instead of serving:\n${server.output()}`)
    const answer = await fetch(`http://127.0.0.1:${opsPort}/health/ready`).catch(() => null)
    await answer?.body?.cancel()
    return answer?.ok === true
  }
  try {
    await waitUntil(isReady, { withinMs, what: `${server.name} is ready` })
  } catch (cause) {
    throw new Error(`${server.name} does not serve:\n${server.output()}`, { cause })
  }
}
