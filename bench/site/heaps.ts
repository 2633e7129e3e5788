import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { waitUntil } from '../../test/support/wait-until.ts'

const mebibyte = 2 ** 20

/** In MiB. */
export type Heap = {
  /** What is still held after everything that can go has gone. */
  readonly heap: number
  readonly resident: number
}

export type Heaps = {
  /** For the processes that are to be watched. */
  readonly env: Readonly<Record<string, string>>
  /** Makes this process collect its garbage, and says what is left. */
  readonly collect: (pid: number) => Promise<Heap>
  readonly stop: () => Promise<void>
}

/** Looks at heaps from within, without a change of the program. */
export async function watchHeaps(): Promise<Heaps> {
  const folder = await mkdtemp(join(tmpdir(), 'tallycast-heaps-'))
  const program = join(import.meta.dirname, '../programs/watch-heap.ts')
  return {
    env: { NODE_OPTIONS: `--expose-gc --import=${pathToFileURL(program).href}`, HEAP_FOLDER: folder },
    async collect(pid) {
      const path = join(folder, String(pid))
      await rm(path, { force: true })
      process.kill(pid, 'SIGUSR2')
      let said = ''
      await waitUntil(
        async () => {
          said = await readFile(path, 'utf8').catch(() => '')
          return said !== ''
        },
        { what: 'the process tells what it holds' },
      )
      // What the program writes.
      const { heapUsed, rss } = JSON.parse(said) as NodeJS.MemoryUsage
      return { heap: heapUsed / mebibyte, resident: rss / mebibyte }
    },
    stop: async () => rm(folder, { recursive: true, force: true }),
  }
}
