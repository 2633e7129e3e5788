import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { waitUntil } from '../../test/support/wait-until.ts'

export type EventLoops = {
  /** For the processes that are to be watched. */
  readonly env: Readonly<Record<string, string>>
  /** The longest time for which the event loop of this process stood still since the last call, in milliseconds. */
  readonly longestBlockMs: (pid: number) => Promise<number>
  readonly stop: () => Promise<void>
}

/** Watches event loops from within, without a change of the program. */
export async function watchEventLoops(): Promise<EventLoops> {
  const folder = await mkdtemp(join(tmpdir(), 'tallycast-event-loops-'))
  const program = join(import.meta.dirname, '../programs/watch-event-loop.ts')
  return {
    env: { NODE_OPTIONS: `--import=${pathToFileURL(program).href}`, EVENT_LOOP_FOLDER: folder },
    async longestBlockMs(pid) {
      const path = join(folder, String(pid))
      await rm(path, { force: true })
      process.kill(pid, 'SIGUSR2')
      let said: string | null = null
      await waitUntil(
        async () => {
          said = await readFile(path, 'utf8').catch(() => null)
          return said !== null
        },
        { what: 'the process tells how long it stood still' },
      )
      return Number(said)
    },
    stop: async () => rm(folder, { recursive: true, force: true }),
  }
}
