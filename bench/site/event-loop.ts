import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { waitUntil } from '../../test/support/wait-until.ts'

/** The longest time for which an event loop stood still, in milliseconds. */
export type Blocks = {
  /** By the clock: whoever else used the core meanwhile is in it. */
  readonly clockMs: number
  /** In processor time: by its own doing. */
  readonly processorMs: number
}

export type EventLoops = {
  /** For the processes that are to be watched. */
  readonly env: Readonly<Record<string, string>>
  /** Of this process, since the last call. */
  readonly longestBlocks: (pid: number) => Promise<Blocks>
  readonly stop: () => Promise<void>
}

/** Watches event loops from within, without a change of the program. */
export async function watchEventLoops(): Promise<EventLoops> {
  const folder = await mkdtemp(join(tmpdir(), 'tallycast-event-loops-'))
  const program = join(import.meta.dirname, '../programs/watch-event-loop.ts')
  return {
    env: { NODE_OPTIONS: `--import=${pathToFileURL(program).href}`, EVENT_LOOP_FOLDER: folder },
    async longestBlocks(pid) {
      const path = join(folder, String(pid))
      await rm(path, { force: true })
      process.kill(pid, 'SIGUSR2')
      let said = ''
      await waitUntil(
        async () => {
          said = await readFile(path, 'utf8').catch(() => '')
          return said !== ''
        },
        { what: 'the process tells how long it stood still' },
      )
      // What the program writes.
      return JSON.parse(said) as Blocks
    },
    stop: async () => rm(folder, { recursive: true, force: true }),
  }
}
