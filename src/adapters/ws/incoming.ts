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

/** Ignores what one viewer says, and ends the connection where it says too much (telling so once) or sends bytes. */
export class Talk {
  #since = performance.now()
  #frames = 0

  hear(socket: WebSocket, isBinary: boolean, onTooMuch: () => void): void {
    if (isBinary) socket.close(CLOSE_CODES.unsupportedData, 'text only')
    const now = performance.now()
    if (now - this.#since > perMs && this.#frames <= framesMax) {
      this.#since = now
      this.#frames = 0
    }
    this.#frames += 1
    if (this.#frames === framesMax + 1) {
      onTooMuch()
      socket.close(CLOSE_CODES.policyViolation, 'too many messages')
    } else if (this.#frames > framesMax + framesAfterCloseMax) {
      socket.terminate()
    }
  }
}
