import { spawn } from 'node:child_process'
import type { ServerUser } from './server-user.ts'

const outputCharactersMax = 20_000

type CommandOptions = {
  readonly withinMs: number
  readonly cwd?: string
  readonly user?: ServerUser | null
  readonly env?: NodeJS.ProcessEnv
  /** An open file that the command reads as its standard input. */
  readonly stdin?: number
  readonly signal?: AbortSignal | undefined
}

export type CommandResult = {
  /** Null when a signal or the time limit ended it. */
  readonly exitCode: number | null
  /** The end of what it wrote, both streams together. */
  readonly output: string
}

/** Runs a command to its end, in a process group of its own: Ctrl-C reaches it through `signal` alone. */
export const runCommand = async (
  program: string,
  args: readonly string[],
  { withinMs, cwd, user, env, stdin, signal }: CommandOptions,
): Promise<CommandResult> => {
  const { promise, resolve, reject } = Promise.withResolvers<CommandResult>()
  const child = spawn(program, args, {
    stdio: [stdin ?? 'ignore', 'pipe', 'pipe'],
    detached: true,
    timeout: withinMs,
    ...(cwd === undefined ? {} : { cwd }),
    ...(env === undefined ? {} : { env }),
    ...(signal === undefined ? {} : { signal }),
    ...user,
  })
  let output = ''
  const collect = (chunk: Buffer): void => {
    output = (output + chunk.toString('utf8')).slice(-outputCharactersMax)
  }
  child.stdout?.on('data', collect)
  child.stderr?.on('data', collect)
  child.on('error', reject)
  child.on('close', (exitCode) => resolve({ exitCode, output }))
  return promise
}
