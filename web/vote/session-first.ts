/**
 * Lets no vote go out before this browser has its session. A vote that makes one is another voter's once the answer, and the cookie with it, is lost
 * and a vote elsewhere has brought another. `begin` keeps the session that there is: so of two pages, one after the other, both go on with the same.
 */
export function createSessionFirst(isNeeded: boolean, begin: () => Promise<unknown>): () => Promise<void> {
  let hasSession = !isNeeded
  return async () => {
    if (hasSession) return
    await inTurn(begin)
    hasSession = true
  }
}

/** One page of this browser at a time. Browsers have locks only for pages that came by https or from this machine. */
async function inTurn(begin: () => Promise<unknown>): Promise<void> {
  if ('locks' in navigator) await navigator.locks.request('tallycast session', begin)
  else await begin()
}
