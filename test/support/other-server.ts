import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DebianFile } from './debian-tools.ts'
import { keepOnLeash } from './leash.ts'

/** A server that is no program of ours. */
export type OtherServer = {
  /** It is there until the server is stopped. */
  readonly folder: string
  /** What it has written so far. */
  readonly output: () => string
  readonly isRunning: () => boolean
  /** Ends it, and removes its folder. */
  readonly stop: () => Promise<void>
}

/** Starts it on a folder of its own, which has these files by their names, and which its arguments may name. */
export const startOtherServer = (
  { path, libraries }: DebianFile,
  files: Readonly<Record<string, string>>,
  argsOf: (folder: string) => readonly string[],
): OtherServer => {
  const folder = mkdtempSync(join(tmpdir(), 'tallycast-server-'))
  const leash = keepOnLeash(folder, 'pid')
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  const { PATH = '' } = process.env
  const child = spawn(path, argsOf(folder), {
    env: { PATH, ...(libraries !== null && { LD_LIBRARY_PATH: libraries }) },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  writeFileSync(join(folder, 'pid'), `${child.pid}\n`)
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)))
  const isRunning = (): boolean => child.exitCode === null && child.signalCode === null
  return {
    folder,
    output: () => output,
    isRunning,
    async stop() {
      if (isRunning()) {
        child.kill('SIGTERM')
        await once(child, 'exit')
      }
      rmSync(folder, { recursive: true, force: true })
      leash.release()
    },
  }
}
