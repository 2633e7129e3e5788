import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { Socket } from 'node:net'

/** Where Node tells of every connection that a server of this process takes. */
const taken = 'net.server.socket'

export type Connections = {
  /** Ends every connection at once, whatever its client still has to read or to answer. */
  cut(): void
  /** No more are noted. */
  stop(): void
}

/**
 * The connections to a port of this process, noted from outside, because gRPC keeps its own to itself. What it calls a forced
 * shutdown is none once an orderly one has begun: HTTP/2 then ends its side and waits for a client that may never answer
 * (one that is paused, or a machine that is gone), and so would the process.
 */
export function noteConnections(port: () => number | null): Connections {
  const sockets = new Set<Socket>()

  function note(message: unknown): void {
    // What Node documents for this channel.
    const { socket } = message as { readonly socket: Socket }
    if (socket.localPort !== port()) return
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  }

  subscribe(taken, note)
  return {
    cut() {
      for (const socket of sockets) socket.destroy()
    },
    stop: () => void unsubscribe(taken, note),
  }
}
