import { randomBytes } from 'node:crypto'
import { connect } from 'node:net'

/** What a viewer is told, and when its connection is over. */
export type LeanViewerListener = {
  /** A state came, with this version. */
  readonly onState?: (version: number) => void
  readonly onPing?: () => void
  /** `retryMs` is what the server asked for; null where it asked for nothing, or the connection broke. */
  readonly onEnd: (retryMs: number | null) => void
}

export type LeanViewer = { readonly drop: () => void }

const opcodes = { text: 1, close: 8, ping: 9 }
/** An empty frame of a client, masked with zeros. */
const pong = Buffer.of(0x8a, 0x80, 0, 0, 0, 0)
const goodbye = Buffer.of(0x88, 0x80, 0, 0, 0, 0)

/**
 * A viewer that costs next to nothing, for thousands of them in one process: a socket, a hand-made upgrade, and of each message the
 * version alone. `isMute`: it never answers a ping.
 */
export const connectLeanViewer = (
  url: string,
  pollId: string,
  { onState, onPing, onEnd }: LeanViewerListener,
  isMute = false,
): LeanViewer => {
  const { hostname, port, host } = new URL(url)
  const socket = connect(Number(port), hostname)
  let rest: Buffer = Buffer.alloc(0)
  let isUpgraded = false
  let retryMs: number | null = null

  const take = (opcode: number, payload: Buffer): void => {
    if (opcode === opcodes.text) {
      onState?.(Number(/"version":(\d+)/.exec(payload.toString('latin1'))?.[1]))
    } else if (opcode === opcodes.ping) {
      onPing?.()
      if (!isMute) socket.write(pong)
    } else if (opcode === opcodes.close) {
      const asked = /retry_ms=(\d+)/.exec(payload.toString('latin1', 2))?.[1]
      retryMs = asked === undefined ? null : Number(asked)
      socket.end(goodbye)
    }
  }
  const upgrade = (): void => {
    const end = rest.indexOf('\r\n\r\n')
    if (end === -1) return
    if (!rest.toString('latin1', 0, 12).endsWith('101')) return void socket.destroy()
    isUpgraded = true
    rest = rest.subarray(end + 4)
  }
  /** Frames of a server are not masked, and ours are shorter than 64 KiB. */
  const takeFrames = (): void => {
    for (;;) {
      if (rest.length < 2) return
      const short = rest[1]!
      const begin = short === 126 ? 4 : 2
      if (rest.length < begin) return
      const end = begin + (short === 126 ? rest.readUInt16BE(2) : short)
      if (rest.length < end) return
      take(rest[0]! & 0x0f, rest.subarray(begin, end))
      rest = rest.subarray(end)
    }
  }
  socket.on('connect', () => {
    socket.write(
      `GET /ws/polls/${pollId} HTTP/1.1\r\nHost: ${host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n\r\n`,
    )
  })
  socket.on('data', (chunk: Buffer) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    if (!isUpgraded) upgrade()
    if (isUpgraded) takeFrames()
  })
  // `close` follows.
  socket.on('error', () => undefined)
  socket.on('close', () => onEnd(retryMs))
  return { drop: () => socket.destroy() }
}
