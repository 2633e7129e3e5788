/**
 * Lets at most `runningMax` run at a time and `waitingMax` wait in line; whoever comes on top of these gets `full()` thrown.
 */
export function createQueue(limits: { readonly runningMax: number; readonly waitingMax: number; full: () => Error }) {
  const waiting: (() => void)[] = []
  let running = 0

  return async <Answer>(run: () => Promise<Answer>): Promise<Answer> => {
    if (running >= limits.runningMax) {
      if (waiting.length >= limits.waitingMax) throw limits.full()
      const { promise, resolve } = Promise.withResolvers<void>()
      waiting.push(resolve)
      await promise
    } else {
      running += 1
    }
    try {
      return await run()
    } finally {
      // The place goes straight to the next in line, so that nobody who comes just now takes it first.
      const next = waiting.shift()
      if (next === undefined) running -= 1
      else next()
    }
  }
}
