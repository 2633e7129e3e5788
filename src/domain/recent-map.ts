/** Remembers what was put in lately, and never more than twice `keysMax` of it. */
export type RecentMap<Value> = {
  get(key: string, now: number): Value | undefined
  put(key: string, value: Value, now: number): void
}

export type RecentMapLimits = {
  /** Kept for at least so long after it was put in, unless too many others come, and for twice as long at most. */
  readonly keptMs: number
  /** With so many new ones the older half is forgotten early. */
  readonly keysMax: number
}

/**
 * A map that forgets. To look at the age of every entry would cost as much as all else that is done with it, and a timer for each more
 * than that: so there is a young and an old generation, and the old one is dropped whole.
 */
export function createRecentMap<Value>({ keptMs, keysMax }: RecentMapLimits): RecentMap<Value> {
  let young = new Map<string, Value>()
  let old = new Map<string, Value>()
  let youngSince = -Infinity

  function age(now: number): void {
    const youngFor = now - youngSince
    if (youngFor < keptMs && young.size < keysMax) return
    const isOverdue = youngFor >= 2 * keptMs
    old = isOverdue ? new Map() : young
    young = new Map()
    // As if somebody had come by just when its time was up.
    youngSince = isOverdue || youngFor < keptMs ? now : youngSince + keptMs
  }

  return {
    get(key, now) {
      if (now - youngSince >= keptMs) age(now)
      return young.get(key) ?? old.get(key)
    },
    put(key, value, now) {
      age(now)
      young.set(key, value)
    },
  }
}
