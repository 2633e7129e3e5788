import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { provideStrace } from './debian-tools.ts'

/** What a Redis did with its append-only file, in the order of its system calls. */
export type DiskTrace = {
  /** Bytes of the file that the disk had confirmed, by the last call that came to its end. */
  readonly syncedBytes: number
  readonly writtenBytes: number
  /** Answers that left for clients while something written before them was not on the disk yet. */
  readonly answersTooEarly: number
  /** Answers before which everything written was on the disk, and something was since the answer before. */
  readonly answersAfterSync: number
}

/** A command under which a program notes what it writes and when the disk has it. */
export const noteDisk = async (file: string): Promise<readonly string[]> => {
  const { path, libraries } = await provideStrace()
  const calls = 'trace=write,writev,sendto,fdatasync,fsync'
  // -D: the program keeps its process id. -A: a restart writes behind what stands there.
  const strace = [path, '-D', '-f', '-q', '-A', '-y', '-s', '0', '-e', calls, '-e', 'signal=none', '-o', file]
  return libraries === null ? strace : ['env', `LD_LIBRARY_PATH=${libraries}`, ...strace]
}

/** The append-only file in which Redis 7 writes what is new. */
export const appendOnlyFile = (dir: string): string => join(dir, 'appendonlydir/appendonly.aof.1.incr.aof')

export const readDiskTrace = (file: string): DiskTrace => {
  let writtenBytes = 0
  let syncedBytes = 0
  let answersTooEarly = 0
  let answersAfterSync = 0
  let hasAppended = false
  /** Per thread: what had been written when its sync began. */
  const syncing = new Map<string, number>()
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : []
  for (const line of lines) {
    const [, thread = '', call = ''] = /^(\d+) +(.*)$/.exec(line) ?? []
    const isOnFile = call.includes('.incr.aof>')
    const written = /^write\(.*\) = (\d+)$/.exec(call)?.[1]
    if (isOnFile && written !== undefined) {
      writtenBytes += Number(written)
      hasAppended = true
    } else if (isOnFile && /^f(?:data)?sync\(/.test(call)) {
      if (call.endsWith('= 0')) syncedBytes = writtenBytes
      else syncing.set(thread, writtenBytes)
    } else if (/^<\.\.\. f(?:data)?sync resumed>.*= 0$/.test(call)) {
      syncedBytes = Math.max(syncedBytes, syncing.get(thread) ?? 0)
      syncing.delete(thread)
    } else if (/^(?:write|writev|sendto)\(\d+<(?:socket|TCP)/.test(call)) {
      if (writtenBytes > syncedBytes) answersTooEarly += 1
      else if (hasAppended) answersAfterSync += 1
      hasAppended = false
    }
  }
  return { syncedBytes, writtenBytes, answersTooEarly, answersAfterSync }
}
