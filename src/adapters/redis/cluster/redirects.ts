/** What a server of a cluster says instead of doing what it was asked. Addresses are as it gives them. */
export type Redirect =
  /** The slot is another server's. */
  | { readonly type: 'moved'; readonly slot: number; readonly address: string }
  /** The slot is moving, and has this key there already. */
  | { readonly type: 'ask'; readonly address: string }
  /** The slot is moving, and has some of the keys here and some there. */
  | { readonly type: 'again' }

/**
 * The address of a server that another one tells of. Without a host it is on that one's own: so tell servers that lie behind one
 * address and know only their ports. Null for `?`: servers that are to be called by their names, and this one has none.
 */
export function addressSaid(host: string | null, port: number | string, saidBy: string): string | null {
  if (host === '?') return null
  return `${host || saidBy.slice(0, saidBy.lastIndexOf(':'))}:${port}`
}

/** What the server at `saidBy` means. Sent on to one that nobody can call, work is asked for again: somebody may give it a name. */
export function resolveRedirect(redirect: Redirect, saidBy: string): Redirect {
  if (redirect.type === 'again') return redirect
  const at = redirect.address.lastIndexOf(':')
  const address = addressSaid(redirect.address.slice(0, at), redirect.address.slice(at + 1), saidBy)
  return address === null ? { type: 'again' } : { ...redirect, address }
}

/** Null where the error says something else: then nobody knows whether the command was done, or it was and failed. */
export function readRedirect(error: unknown): Redirect | null {
  // By name: the client's own classes are not typed.
  if (!(error instanceof Error) || error.name !== 'ReplyError') return null
  const [word, slot = '', address = ''] = error.message.split(' ')
  if (word === 'MOVED') return { type: 'moved', slot: Number(slot), address }
  if (word === 'ASK') return { type: 'ask', address }
  return word === 'TRYAGAIN' ? { type: 'again' } : null
}
