import { tellFromWithin, type ToldFromWithin } from './told-from-within.ts'

/** The longest time for which an event loop stood still, in milliseconds. */
export type Blocks = {
  /** By the clock: whoever else used the core meanwhile is in it. */
  readonly clockMs: number
  /** In processor time: by its own doing. */
  readonly processorMs: number
}

export type EventLoops = Pick<ToldFromWithin, 'env' | 'stop'> & {
  /** Of this process, since the last call. */
  readonly longestBlocks: (pid: number) => Promise<Blocks>
}

/** Watches event loops from within. */
export async function watchEventLoops(): Promise<EventLoops> {
  const { env, ask, stop } = await tellFromWithin('watch-event-loop.ts', [])
  // What the program writes.
  return { env, stop, longestBlocks: async (pid) => (await ask(pid)) as Blocks }
}
