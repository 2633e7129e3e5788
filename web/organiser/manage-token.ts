const nameOf = (pollId: string): string => `manage ${pollId}`

/**
 * The manage token that the address brought, as the vote page takes it too: out of the address at once, and kept for as long as this tab is open. Null
 * for everybody but the organiser.
 */
export function takeToken(pollId: string): string | null {
  const given = /^#manage=(.+)/.exec(location.hash)?.[1]
  if (given !== undefined) history.replaceState(null, '', `${location.pathname}${location.search}`)
  return keep(pollId, given) ?? null
}

/** Keeps a token that came another way, as one that the address brought. */
export function keepToken(pollId: string, token: string): void {
  keep(pollId, token)
}

/** Where the browser keeps nothing, the token lasts until the page is read again. */
function keep(pollId: string, given: string | undefined): string | undefined {
  try {
    if (given !== undefined) sessionStorage.setItem(nameOf(pollId), given)
    return given ?? sessionStorage.getItem(nameOf(pollId)) ?? undefined
  } catch {
    return given
  }
}

export function forgetToken(pollId: string): void {
  try {
    sessionStorage.removeItem(nameOf(pollId))
  } catch {
    // Nothing is kept there.
  }
}

/** Who is on the page already and follows the link reads no new page: the browser only tells of the address. */
export function reloadWithNewToken(pollId: string): void {
  addEventListener('hashchange', () => {
    if (location.hash.startsWith('#manage=') && takeToken(pollId) !== null) location.reload()
  })
}
