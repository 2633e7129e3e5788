import { tellFromWithin, type ToldFromWithin } from './told-from-within.ts'

const mebibyte = 2 ** 20

/** In MiB. */
export type Heap = {
  /** What is still held after everything that can go has gone. */
  readonly heap: number
  readonly resident: number
}

export type Heaps = Pick<ToldFromWithin, 'env' | 'stop'> & {
  /** Makes this process collect its garbage, and says what is left. */
  readonly collect: (pid: number) => Promise<Heap>
}

/** Looks at heaps from within. */
export async function watchHeaps(): Promise<Heaps> {
  const { env, ask, stop } = await tellFromWithin('watch-heap.ts', ['--expose-gc'])
  return {
    env,
    stop,
    async collect(pid) {
      // What the program writes.
      const { heapUsed, rss } = (await ask(pid)) as NodeJS.MemoryUsage
      return { heap: heapUsed / mebibyte, resident: rss / mebibyte }
    },
  }
}
