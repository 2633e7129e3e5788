import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

export type TcpProxy = {
  readonly port: number
  /** What clients have sent over the connections that are open now; of each what came first, up to a megabyte. */
  readonly sent: () => string
  /** How often anybody has connected. */
  readonly connections: () => number
  /** Breaks every connection. */
  readonly cut: () => void
  /**
   * Swallows everything in both directions from now on and closes nothing: the other side has gone without a word. With a
   * condition only on those open connections whose client has sent something of the kind, within its first megabyte. The returned
   * function says how many of those that are open now their client has not given up yet.
   */
  readonly mute: (isMeant?: (sent: string) => boolean) => () => number
  /** The same, until everything is let through again, with each connection whose client has sent something of the kind, those to come included. */
  readonly muteEach: (isMeant: (sent: string) => boolean) => void
  /** Breaks every connection; those to come lead to this port. */
  readonly leadTo: (port: number) => void
  /** Lets everything through again, on new connections; those that were muted stay so. */
  readonly unmute: () => void
  /** From now on carries what comes as slowly as this, in its order; null: as fast as it can. */
  readonly slow: (slowness: Slowness | null) => void
  /**
   * Of the connections over which somebody sends `text` from now on this share is cut when the server answers: it has done what it was
   * asked, and nobody hears of it. The returned function ends that and says how many answers were cut off.
   */
  readonly cutAnswersTo: (text: string, share: number) => () => number
  readonly stop: () => Promise<void>
}

/** How a network is when it is slow: every slice comes after the latency, and no more bytes than that in a second. */
export type Slowness = {
  readonly latencyMs: number
  readonly jitterMs: number
  readonly bytesPerSecond: number
  readonly sliceBytes: number
}

/** One direction of a connection. What is on its way slowly is never overtaken. */
const createLane = (to: Socket, slowness: () => Slowness | null): ((chunk: Buffer) => void) => {
  const onTheWay: { readonly slice: Buffer; readonly at: number }[] = []
  let timer: NodeJS.Timeout | undefined

  const deliver = (): void => {
    const now = slowness() === null ? Infinity : performance.now()
    while (onTheWay[0] !== undefined && onTheWay[0].at <= now) to.write(onTheWay.shift()!.slice)
    // Looks again soon, since the way may become fast meanwhile.
    timer = onTheWay[0] === undefined ? undefined : setTimeout(deliver, Math.min(onTheWay[0].at - now, lookAgainMs))
  }
  return (chunk) => {
    const slow = slowness()
    if (slow === null && onTheWay.length === 0) return void to.write(chunk)
    const { latencyMs, jitterMs, bytesPerSecond, sliceBytes } = slow ?? fast
    for (let from = 0; from < chunk.length; from += sliceBytes) {
      const slice = chunk.subarray(from, from + sliceBytes)
      const arrivesAt = performance.now() + latencyMs + Math.random() * jitterMs
      const at = Math.max(arrivesAt, onTheWay.at(-1)?.at ?? 0) + (slice.length / bytesPerSecond) * 1000
      onTheWay.push({ slice, at })
    }
    timer ??= setTimeout(deliver, 0)
  }
}

const lookAgainMs = 50
const sentCharactersMax = 1024 * 1024
const fast: Slowness = { latencyMs: 0, jitterMs: 0, bytesPerSecond: Infinity, sliceBytes: Infinity }

/** A way to a server that a test can watch and break; on a port of its own, or on the one that it is given. */
export async function startTcpProxy(host: string, port: number, ownPort = 0): Promise<TcpProxy> {
  const open = new Map<Socket, { readonly upstream: Socket; sent: string; isMuted: boolean; isCutAtAnswer: boolean }>()
  let isMutedFrom: (sent: string) => boolean = () => false
  let upstreamPort = port
  let slowness: Slowness | null = null
  let cutting: { readonly text: string; readonly share: number; times: number } | null = null
  let connections = 0

  const server = createServer((client) => {
    connections += 1
    const upstream = connect(upstreamPort, host)
    const way = { upstream, sent: '', isMuted: isMutedFrom(''), isCutAtAnswer: false }
    open.set(client, way)
    const toServer = createLane(upstream, () => slowness)
    const toClient = createLane(client, () => slowness)
    client.on('data', (chunk: Buffer) => {
      if (way.isMuted) return
      // The beginning: there a client says who it is.
      if (way.sent.length < sentCharactersMax) way.sent += chunk.toString('latin1')
      if (isMutedFrom(way.sent)) way.isMuted = true
      if (way.isMuted) return
      if (cutting !== null && chunk.includes(cutting.text)) way.isCutAtAnswer = Math.random() < cutting.share
      toServer(chunk)
    })
    upstream.on('data', (chunk: Buffer) => {
      if (way.isMuted) return
      if (!way.isCutAtAnswer) return toClient(chunk)
      if (cutting !== null) cutting.times += 1
      upstream.destroy()
      client.destroy()
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
      isMutedFrom = () => isMeant === undefined
      const meant = [...open].filter(([, way]) => !way.isMuted && (isMeant?.(way.sent) ?? true))
      for (const [, way] of meant) way.isMuted = true
      return () => meant.filter(([client]) => open.has(client)).length
    },
    muteEach: (isMeant) => {
      isMutedFrom = isMeant
      for (const way of open.values()) way.isMuted ||= isMeant(way.sent)
    },
    unmute: () => {
      isMutedFrom = () => false
    },
    slow: (asked) => {
      slowness = asked
    },
    cutAnswersTo: (text, share) => {
      const begun = { text, share, times: 0 }
      cutting = begun
      return () => {
        cutting = null
        return begun.times
      }
    },
    stop: async () => {
      cut()
      if (!server.listening) return
      server.close()
      await once(server, 'close')
    },
  }
}
