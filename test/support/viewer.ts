import { WebSocket } from 'ws'
import type { TallyMessage } from '../../contract/messages.ts'
import { waitUntil } from './wait-until.ts'

export type TestViewer = {
  readonly messages: readonly TallyMessage[]
  /** Null while the socket is open. */
  readonly closed: () => { readonly code: number; readonly reason: string } | null
  readonly last: () => TallyMessage | undefined
  readonly socket: WebSocket
  /** Waits until the newest message is so. */
  readonly sees: (what: (message: TallyMessage) => boolean, withinMs?: number) => Promise<TallyMessage>
  readonly ends: () => Promise<{ readonly code: number; readonly reason: string }>
}

/** A viewer of a poll over a WebSocket, which keeps what it was told. */
export const connectViewer = (url: string, headers: Readonly<Record<string, string>> = {}): TestViewer => {
  const socket = new WebSocket(url, { headers: { ...headers } })
  const messages: TallyMessage[] = []
  let closed: { code: number; reason: string } | null = null
  // One buffer per message is how `ws` gives them unless told otherwise.
  socket.on('message', (data) => messages.push(JSON.parse((data as Buffer).toString()) as TallyMessage))
  socket.on('close', (code, reason) => {
    closed = { code, reason: String(reason) }
  })
  // A handshake that failed is told by `closed` as well.
  socket.on('error', () => undefined)
  const last = (): TallyMessage | undefined => messages.at(-1)
  return {
    messages,
    closed: () => closed,
    last,
    socket,
    async sees(what, withinMs) {
      const plan = { what: what.toString(), ...(withinMs !== undefined && { withinMs }) }
      await waitUntil(() => messages.length > 0 && what(messages.at(-1)!), plan)
      return messages.at(-1)!
    },
    async ends() {
      await waitUntil(() => closed !== null, { what: 'the socket is closed' })
      return closed!
    },
  }
}
