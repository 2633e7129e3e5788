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
