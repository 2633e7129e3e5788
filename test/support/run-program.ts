import { startServerProcess } from './server-process.ts'

/** Runs a command of ours to its end: what it said, and with what it ended. */
export async function runProgram(
  program: 'keys' | 'recount' | 'trace' | 'verify' | 'prune',
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<{ readonly exitCode: number | null; readonly output: string }> {
  const command = startServerProcess({ name: program, program, args, env })
  try {
    const { exitCode } = await command.ended(25_000)
    return { exitCode, output: command.output() }
  } finally {
    await command.stop()
  }
}
