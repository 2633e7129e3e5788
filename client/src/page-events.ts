/** What a page can be asked; nothing of it is there outside a browser. */
type Page = Partial<Listening> & { readonly document?: Listening & { readonly visibilityState: string } }
type Listening = {
  readonly addEventListener: (type: string, run: () => void, options: { readonly signal: AbortSignal }) => void
}

/** A page that was out of sight for longer may have lost its connection without having been told. */
const asleepMs = 5_000

/**
 * Calls back when the network returns, or when somebody looks at the page again: a phone that wakes up should not wait out a pause. Returns what
 * ends it. Outside a browser nothing is listened to.
 */
export function listenToPage(onReturn: () => void): () => void {
  // The cast names what is asked for before it is used.
  const { addEventListener, document } = globalThis as Page
  const listening = new AbortController()
  const { signal } = listening
  if (addEventListener === undefined || document === undefined) return () => {}
  let hiddenSince = 0
  addEventListener('online', onReturn, { signal })
  addEventListener('pageshow', () => hiddenSince > 0 && onReturn(), { signal })
  document.addEventListener(
    'visibilitychange',
    () => {
      if (document.visibilityState === 'hidden') hiddenSince = Date.now()
      else if (Date.now() - hiddenSince > asleepMs) onReturn()
    },
    { signal },
  )
  return () => listening.abort()
}
