import type { WebSocket } from 'ws'
import { CLOSE_CODES } from '../../../contract/messages.ts'

/**
 * Frames that a viewer may send within `perMs`; it has nothing to say that we would need. A ping costs us an answer, and a pong
 * that nobody asked for, or any other frame, the reading: without a bound one viewer could keep the process busy.
 */
const framesMax = 30
/** The answers to our pings are among them: half of the frames at most, at the shortest time between pings that can be set. */
const perMs = 15_000
/** Who goes on after it was told to go, does not hear us, and is cut off. */
const framesAfterCloseMax = 30

/** Ignores what viewers say, and ends the connection of one that says too much (telling so once) or sends bytes. */
export function limitTalking(socket: WebSocket, onTooMuch: () => void): void {
  let since = performance.now()
  let frames = 0

  function count(): void {
    const now = performance.now()
    if (now - since > perMs && frames <= framesMax) {
      since = now
      frames = 0
    }
    frames += 1
    if (frames === framesMax + 1) {
      onTooMuch()
      socket.close(CLOSE_CODES.policyViolation, 'too many messages')
    } else if (frames > framesMax + framesAfterCloseMax) {
      socket.terminate()
    }
  }

  socket.on('ping', count)
  socket.on('pong', count)
  socket.on('message', (_data, isBinary) => {
    if (isBinary) socket.close(CLOSE_CODES.unsupportedData, 'text only')
    count()
  })
}
