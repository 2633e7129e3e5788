import type { WebSocket } from 'ws'
import { CLOSE_CODES } from '../../../contract/messages.ts'

/** Messages and pings that a viewer may send within `perMs`; it has nothing to say that we would need. */
const framesMax = 30

/** Ignores what viewers say, and ends the connection of one that says too much or sends bytes. */
export function limitTalking(socket: WebSocket, perMs: number): void {
  let since = performance.now()
  let frames = 0

  function count(): void {
    const now = performance.now()
    if (now - since > perMs) {
      since = now
      frames = 0
    }
    frames += 1
    if (frames === framesMax + 1) socket.close(CLOSE_CODES.policyViolation, 'too many messages')
  }

  socket.on('ping', count)
  socket.on('message', (_data, isBinary) => {
    if (isBinary) socket.close(CLOSE_CODES.unsupportedData, 'text only')
    else count()
  })
}
