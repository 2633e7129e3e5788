/** What a server of a cluster says instead of doing what it was asked. */
export type Redirect =
  /** The slot is another server's. */
  | { readonly type: 'moved'; readonly slot: number; readonly address: string }
  /** The slot is moving, and has this key there already. */
  | { readonly type: 'ask'; readonly address: string }
  /** The slot is moving, and has some of the keys here and some there. */
  | { readonly type: 'again' }

/** Null where the error says something else: then nobody knows whether the command was done, or it was and failed. */
export function readRedirect(error: unknown): Redirect | null {
  // By name: the client's own classes are not typed.
  if (!(error instanceof Error) || error.name !== 'ReplyError') return null
  const [word, slot = '', address = ''] = error.message.split(' ')
  if (word === 'MOVED') return { type: 'moved', slot: Number(slot), address }
  if (word === 'ASK') return { type: 'ask', address }
  return word === 'TRYAGAIN' ? { type: 'again' } : null
}
