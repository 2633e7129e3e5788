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

/** Of the code what can be sent: no header carries the dashes that some keyboards make, and the service needs none. */
export function typedCode(code: string): string {
  return code.replaceAll(/[^0-9a-z]/gi, '')
}

/** Whoever is recognised by nobody is thanked by the address, so that reading the page again does not ask to vote again; for others it says nothing. */
export function noteVoted(isRecognised: boolean): void {
  const search = isRecognised ? '' : '?voted'
  if (location.search !== search) history.replaceState(null, '', `${location.pathname}${search}`)
}
