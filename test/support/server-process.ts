import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { keepOnLeash, type Leash } from './leash.ts'
import { waitUntil } from './wait-until.ts'

const outputCharactersMax = 200_000
const endWithinMs = 15_000

export type Program = 'api' | 'worker' | 'admin' | 'migrate' | 'all' | 'full' | 'demo' | 'recount'

export type ServerProcess = {
  readonly name: string
  readonly pid: () => number
  readonly isRunning: () => boolean
  /** What it has written so far, over all its lives. */
  readonly output: () => string
  readonly signal: (signal: NodeJS.Signals) => void
  /** Waits for its end. */
  readonly ended: (withinMs?: number) => Promise<Ending>
  /** Starts it again, with the same environment. It must have ended. */
  readonly start: () => void
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
  let child: ChildProcess
  let ending: Ending | null = null

  const keepOutput = (chunk: Buffer): void => {
    output = (output + chunk.toString('utf8')).slice(-outputCharactersMax)
  }
  const start = (): void => {
    const { PATH = '', HOME = '' } = process.env
    // In a group of its own: what a person's Ctrl-C sends to the test run reaches it through our own stop alone.
    const begun = spawn(process.execPath, [path, ...args], {
      env: { PATH, HOME, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    })
    child = begun
    ending = null
    writeFileSync(join(folder, 'pid'), `${begun.pid}\n`)
    begun.stdout.on('data', keepOutput)
    begun.stderr.on('data', keepOutput)
    begun.once('exit', (exitCode, signal) => {
      ending = { exitCode, signal }
    })
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
    signal,
    ended,
    start,
    async stop() {
      if (ending === null) {
        signal('SIGCONT')
        signal('SIGTERM')
        const insist = setTimeout(signal, endWithinMs, 'SIGKILL')
        if (ending === null) await once(child, 'exit')
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
