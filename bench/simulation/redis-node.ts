import type { Cores } from './cores.ts'
import type { Timeline } from './timeline.ts'
import type { UnitCosts } from './unit-costs.ts'

export type RedisNode = {
  /** Calls `done` when the votes are in the log, on the disk. */
  readonly append: (votes: number, done: () => void) => void
  /** Calls `done` when so many processes have been told. */
  readonly publish: (listeners: number, done: () => void) => void
  /** Nothing is answered until then: a primary that died, and its replica has not taken over. */
  readonly rest: (ms: number) => void
}

type Command = { readonly ms: number; readonly isWrite: boolean; readonly done: () => void }

/**
 * One thread that takes all that has come, one after the other, and answers when the disk has what was written: with
 * `appendfsync always` one fsync for all that was taken together.
 */
export function createRedisNode(
  timeline: Timeline,
  core: Cores,
  { redis }: Pick<UnitCosts, 'redis'>,
  { fsyncMs, deliveryMs }: { readonly fsyncMs: number; readonly deliveryMs: number },
): RedisNode {
  let come: Command[] = []
  let isBusy = false
  let restsUntil = 0

  function turn(): void {
    if (isBusy || come.length === 0) return
    isBusy = true
    if (restsUntil > timeline.now()) return timeline.after(restsUntil - timeline.now(), takeAll)
    takeAll()
  }

  function takeAll(): void {
    const taken = come
    come = []
    const ms = taken.reduce((sum, one) => sum + one.ms, 0)
    core.work(ms, () => {
      timeline.after(taken.some(({ isWrite }) => isWrite) ? fsyncMs : 0, () => {
        isBusy = false
        for (const { done } of taken) done()
        turn()
      })
    })
  }

  function command(ms: number, isWrite: boolean, done: () => void): void {
    come.push({ ms, isWrite, done })
    turn()
  }

  return {
    append: (votes, done) => command(redis.batch + votes * redis.vote, true, done),
    publish: (listeners, done) => command(listeners * deliveryMs, false, done),
    rest(ms) {
      restsUntil = timeline.now() + ms
    },
  }
}
