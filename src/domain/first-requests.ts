export type FirstRequests = {
  /** Counts a request under this key. How many came under it lately, this one included; where another key shares its place, of both. */
  count(key: string, now: number): number
}

/** A power of two. A million voters in a minute leave some four to a place, which is far below what anybody may ask. */
const placesDefault = 1 << 19
/** Beyond it a place does not count on. */
export const FIRST_REQUESTS_MOST = 255

/**
 * Counts the first requests of very many keys in a fixed place each, and remembers none of the keys: an entry for everybody who asks once or twice
 * costs more than all else that is done for them, since the collector carries it along. A count covers this period and the one before, so
 * it is never too low.
 */
export function createFirstRequests(periodMs: number, places = placesDefault): FirstRequests {
  let young = new Uint8Array(places)
  let old = new Uint8Array(places)
  let youngSince = -Infinity

  function age(now: number): void {
    const isOverdue = now - youngSince >= 2 * periodMs
    ;[young, old] = [old, young]
    young.fill(0)
    if (isOverdue) old.fill(0)
    youngSince = isOverdue ? now : youngSince + periodMs
  }

  return {
    count(key, now) {
      if (now - youngSince >= periodMs) age(now)
      const place = hashOf(key) & (places - 1)
      // There are as many places.
      const count = Math.min(young[place]! + 1, FIRST_REQUESTS_MOST)
      young[place] = count
      return count + old[place]!
    },
  }
}

/** FNV-1a. Who chooses keys that share a place with others gets nothing but an exact count for all of them. */
function hashOf(key: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < key.length; at += 1) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193)
  return hash ^ (hash >>> 15)
}
