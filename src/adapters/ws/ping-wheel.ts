import type { WebSocket } from 'ws'

const socketsPerSlice = 500

export type PingWheel = {
  add(socket: WebSocket): void
  remove(socket: WebSocket): void
  stop(): void
}

/**
 * Pings all sockets from one timer, in slices, and ends those that have not answered for `missedMax` intervals, telling so
 * of each. The timer runs only while there are sockets.
 */
export function createPingWheel(everyMs: number, onSilent: () => void, missedMax = 2): PingWheel {
  const missed = new Map<WebSocket, number>()
  let timer: NodeJS.Timeout | null = null

  function turn(): void {
    pingSlice([...missed.keys()].values())
    timer = missed.size === 0 ? null : setTimeout(turn, everyMs)
  }

  function pingSlice(rest: Iterator<WebSocket>): void {
    for (let pinged = 0; pinged < socketsPerSlice; pinged += 1) {
      const next = rest.next()
      if (next.done === true) return
      ping(next.value)
    }
    setImmediate(pingSlice, rest)
  }

  function ping(socket: WebSocket): void {
    const unanswered = missed.get(socket)
    if (unanswered === undefined) return
    if (unanswered >= missedMax) {
      onSilent()
      return socket.terminate()
    }
    missed.set(socket, unanswered + 1)
    if (socket.readyState === socket.OPEN) socket.ping()
  }

  return {
    add(socket) {
      missed.set(socket, 0)
      socket.on('pong', () => {
        if (missed.has(socket)) missed.set(socket, 0)
      })
      timer ??= setTimeout(turn, everyMs)
    },
    remove(socket) {
      missed.delete(socket)
    },
    stop() {
      if (timer !== null) clearTimeout(timer)
      timer = null
      missed.clear()
    },
  }
}
