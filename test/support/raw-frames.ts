import { randomBytes } from 'node:crypto'
import { connectRaw, type RawConnection } from './raw-http.ts'
import { waitUntil } from './wait-until.ts'

export const OPCODES = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const

export type FrameParts = {
  readonly opcode: number
  readonly payload?: string | Buffer
  /** False: more of this message follows. */
  readonly isLast?: boolean
  /** The three bits that an extension may give a meaning. */
  readonly reserved?: number
  readonly isMasked?: boolean
  /** What the frame says of its own length, where that is not true. */
  readonly saidLength?: bigint
}

/** A frame as a client sends it, or as it must not (RFC 6455, 5.2). */
export function writeFrame(parts: FrameParts): Buffer {
  const { opcode, payload = '', isLast = true, reserved = 0, isMasked = true, saidLength } = parts
  const bytes = Buffer.from(payload)
  const mask = isMasked ? randomBytes(4) : Buffer.alloc(0)
  const masked = isMasked ? bytes.map((byte, at) => byte ^ mask[at % 4]!) : bytes // there are four
  const first = (isLast ? 0x80 : 0) | (reserved << 4) | opcode
  return Buffer.concat([Buffer.of(first), writeLength(saidLength ?? BigInt(bytes.length), isMasked), mask, masked])
}

function writeLength(length: bigint, isMasked: boolean): Buffer {
  const bit = isMasked ? 0x80 : 0
  if (length < 126n) return Buffer.of(bit | Number(length))
  const isShort = length < 65_536n
  const written = Buffer.alloc(isShort ? 3 : 9, bit | (isShort ? 126 : 127))
  if (isShort) written.writeUInt16BE(Number(length), 1)
  else written.writeBigUInt64BE(length, 1)
  return written
}

/** A close frame with this code, right or wrong. */
export function writeClose(code: number, reason: string | Buffer = ''): Buffer {
  return writeFrame({
    opcode: OPCODES.close,
    payload: Buffer.concat([Buffer.of(code >> 8, code & 255), Buffer.from(reason)]),
  })
}

export type RawViewer = RawConnection & {
  /** What the server answered to the handshake. */
  readonly handshake: string
  /** The code with which the server has closed; null while it has not said any. */
  readonly closeCode: () => number | null
  /** Waits until the connection is gone; the code with which the server closed it, if it said one. */
  readonly ends: (withinMs?: number) => Promise<number | null>
}

/** Opens a WebSocket whose frames the test writes itself. */
export async function connectRawViewer(url: string, path: string, headers = ''): Promise<RawViewer> {
  const connection = await connectRaw(url)
  const { socket, received, isEnded } = connection
  socket.write(
    `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n` +
      `Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${headers}\r\n`,
  )
  await waitUntil(() => received().includes('\r\n\r\n') || isEnded(), { what: 'the handshake is answered' })
  const headLength = received().indexOf('\r\n\r\n') + 4
  const closeCode = (): number | null => findCloseCode(Buffer.from(received().slice(headLength), 'latin1'))
  return {
    ...connection,
    handshake: received().slice(0, headLength),
    closeCode,
    async ends(withinMs = 10_000) {
      await waitUntil(isEnded, { withinMs, what: 'the server ends the connection' })
      return closeCode()
    },
  }
}

/** Goes through the frames of a server: short, or of up to 64 KiB, and not masked. */
function findCloseCode(frames: Buffer): number | null {
  let at = 0
  while (at + 2 <= frames.length) {
    const short = frames[at + 1]! // just compared
    const isLong = short === 126
    if (isLong && at + 4 > frames.length) return null
    const length = isLong ? frames.readUInt16BE(at + 2) : short
    const payload = at + (isLong ? 4 : 2)
    if ((frames[at]! & 15) === OPCODES.close) {
      if (length < 2) return 1005
      return payload + 2 <= frames.length ? frames.readUInt16BE(payload) : null
    }
    at = payload + length
  }
  return null
}
