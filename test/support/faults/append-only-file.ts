import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestRedis } from '../redis.ts'

/** The path of the append-only file that this server writes to, or wrote to last. */
export const appendOnlyFile = async ({ dir }: TestRedis): Promise<string> => {
  const folder = join(dir, 'appendonlydir')
  const names = (await readdir(folder)).filter((name) => name.endsWith('.incr.aof'))
  return join(folder, names.toSorted((a, b) => fileNumber(a) - fileNumber(b)).at(-1) ?? '')
}

const fileNumber = (name: string): number => Number(/\.(\d+)\.incr/.exec(name)?.[1])
