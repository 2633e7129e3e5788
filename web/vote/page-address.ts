/** The voting code that the address brought, out of it at once, so that it stays in no history. Null where there is none. */
export function takeCode(): string | null {
  const given = /^#code=([\w-]+)$/.exec(location.hash)?.[1]
  if (given === undefined) return null
  history.replaceState(null, '', `${location.pathname}${location.search}`)
  return given
}

/** Another code is another voter, for whom the page begins anew; of a link that is followed on it the browser only tells the address. */
export function reloadWithNewCode(): void {
  addEventListener('hashchange', () => location.hash.startsWith('#code=') && location.reload())
}

const thanked = '?voted'

/** Whoever is recognised by nobody is thanked by the address, so that reading the page again does not ask for another vote. */
export function noteVoted(): void {
  history.replaceState(null, '', `${location.pathname}${thanked}`)
}

/** For everybody else the page knows better than the address to which the form has led. */
export function forgetVoted(): void {
  if (location.search === thanked) history.replaceState(null, '', location.pathname)
}
