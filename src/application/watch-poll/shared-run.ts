type Flight<Answer> = { readonly running: Promise<Answer>; next: Promise<Answer> | null }

/**
 * Lets many callers with the same key share one run. A run that is already under way may have looked before the caller's
 * reason to ask, so those who come meanwhile share the next one: at most one runs and one waits per key.
 */
export function createSharedRun<Answer>(run: (key: string) => Promise<Answer>): (key: string) => Promise<Answer> {
  const flights = new Map<string, Flight<Answer>>()

  async function begin(key: string): Promise<Answer> {
    const flight: Flight<Answer> = { running: run(key), next: null }
    flights.set(key, flight)
    try {
      return await flight.running
    } finally {
      if (flight.next === null) flights.delete(key)
    }
  }

  return async (key) => {
    const flight = flights.get(key)
    if (flight === undefined) return begin(key)
    flight.next ??= flight.running.then(
      () => begin(key),
      () => begin(key),
    )
    return flight.next
  }
}

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
