import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { waitUntil } from '../../test/support/wait-until.ts'

export type ToldFromWithin = {
  /** For the processes that are to tell. */
  readonly env: Readonly<Record<string, string>>
  /** What the program within this process says now. */
  readonly ask: (pid: number) => Promise<unknown>
  readonly stop: () => Promise<void>
}

/** Has one of `bench/programs/` loaded into processes before their own code, which need no change for it. It writes where `TOLD_FOLDER` says. */
export async function tellFromWithin(program: `watch-${string}.ts`, flags: readonly string[]): Promise<ToldFromWithin> {
  const folder = await mkdtemp(join(tmpdir(), 'tallycast-told-'))
  const loaded = `--import=${pathToFileURL(join(import.meta.dirname, '../programs', program)).href}`
  return {
    env: { NODE_OPTIONS: [...flags, loaded].join(' '), TOLD_FOLDER: folder },
    async ask(pid) {
      const path = join(folder, String(pid))
      await rm(path, { force: true })
      process.kill(pid, 'SIGUSR2')
      let said = ''
      await waitUntil(
        async () => {
          said = await readFile(path, 'utf8').catch(() => '')
          return said !== ''
        },
        { what: `${program} tells what it has seen` },
      )
      return JSON.parse(said)
    },
    stop: async () => rm(folder, { recursive: true, force: true }),
  }
}
