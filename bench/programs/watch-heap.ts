// Loaded into a process before its own code (NODE_OPTIONS=--import, with --expose-gc): what it still holds after everything that can go
// has gone. With SIGUSR2 it collects and writes that to a file of its number.
import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const { TOLD_FOLDER } = process.env
/** What the first one lets go of by finalisers, the next one takes. */
const collections = 3

if (TOLD_FOLDER !== undefined) {
  const path = join(TOLD_FOLDER, String(process.pid))
  const collect = (left: number): void => {
    if (globalThis.gc === undefined) throw new Error('it was started without --expose-gc')
    globalThis.gc()
    if (left > 1) return void setImmediate(collect, left - 1)
    writeFileSync(`${path}.new`, JSON.stringify(process.memoryUsage()))
    renameSync(`${path}.new`, path)
  }
  process.on('SIGUSR2', () => collect(collections))
}
