import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

export type TcpProxy = {
  readonly port: number
  /** What clients have sent over the connections that are open now. */
  readonly sent: () => string
  /** How often anybody has connected. */
  readonly connections: () => number
  /** Breaks every connection. */
  readonly cut: () => void
  /**
   * Swallows everything in both directions from now on and closes nothing: the other side has gone without a word. With a
   * condition only on those open connections whose client has sent something of the kind.
   */
  readonly mute: (isMeant?: (sent: string) => boolean) => void
  /** How many connections are muted that their client has not given up yet. */
  readonly muted: () => number
  /** Breaks every connection; those to come lead to this port. */
  readonly leadTo: (port: number) => void
  /** Lets everything through again, on new connections; those that were muted stay so. */
  readonly unmute: () => void
  readonly stop: () => Promise<void>
}

/** A way to a server that a test can watch and break; on a port of its own, or on the one that it is given. */
export async function startTcpProxy(host: string, port: number, ownPort = 0): Promise<TcpProxy> {
  const open = new Map<Socket, { readonly upstream: Socket; sent: string; isMuted: boolean }>()
  let isMute = false
  let upstreamPort = port
  let connections = 0

  const server = createServer((client) => {
    connections += 1
    const upstream = connect(upstreamPort, host)
    const way = { upstream, sent: '', isMuted: isMute }
    open.set(client, way)
    client.on('data', (chunk) => {
      if (way.isMuted) return
      way.sent += chunk.toString('latin1')
      upstream.write(chunk)
    })
    upstream.on('data', (chunk) => {
      if (!way.isMuted) client.write(chunk)
    })
    const end = (): void => {
      // A muted way hides that the server has hung up.
      if (way.isMuted && !client.destroyed) return
      open.delete(client)
      client.destroy()
      upstream.destroy()
    }
    for (const socket of [client, upstream]) socket.on('close', end).on('error', () => undefined)
  })
  server.listen(ownPort, '127.0.0.1')
  await once(server, 'listening')
  // The cast: a server that listens on a port has an address of this form.
  const { port: listening } = server.address() as AddressInfo

  const cut = (): void => {
    for (const [client, { upstream }] of open) {
      upstream.destroy()
      client.destroy()
    }
  }
  return {
    port: listening,
    sent: () => [...open.values()].map((way) => way.sent).join(''),
    connections: () => connections,
    cut,
    leadTo: (next) => {
      upstreamPort = next
      cut()
    },
    mute: (isMeant) => {
      isMute = isMeant === undefined
      for (const way of open.values()) way.isMuted ||= isMeant?.(way.sent) ?? true
    },
    muted: () => [...open.values()].filter((way) => way.isMuted).length,
    unmute: () => {
      isMute = false
    },
    stop: async () => {
      cut()
      if (!server.listening) return
      server.close()
      await once(server, 'close')
    },
  }
}
