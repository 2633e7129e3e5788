import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import { CLOSE_CODES } from '../../../contract/messages.ts'
import type { AdmittedViewer } from '../../application/watch-poll/admit-viewer.ts'
import type { NewestLine, Outlet, SendNewest } from '../../application/watch-poll/send-newest.ts'
import type { LivePoll, Viewer } from '../../application/watch-poll.ts'
import type { Audience } from '../../domain/tally.ts'
import { retryBetween } from './close-codes.ts'
import { Talk } from './incoming.ts'
import type { ViewerSocketLimits, ViewerSocketsParts } from './viewer-sockets.ts'

const slowRetryMs = [2_000, 8_000] as const
const asPublic = (): Audience => 'public'

/** Shared by all viewers. */
export type SocketViewerParts = Pick<ViewerSocketsParts, 'givenUp'> & Pick<ViewerSocketLimits, 'unsentBytesMax'>

/**
 * Somebody who watches over a WebSocket. One object with all that is kept of it, rather than closures over the same: there are
 * thousands of viewers, and each closure of each costs memory.
 */
export class SocketViewer implements Viewer, Outlet {
  readonly #talk = new Talk()
  readonly #socket: WebSocket
  /** The connection below the WebSocket. */
  readonly #raw: Duplex
  readonly #parts: SocketViewerParts
  #audienceOf: AdmittedViewer['audienceOf'] = asPublic
  #leave: (() => void) | null = null
  #line: NewestLine | null = null

  constructor(socket: WebSocket, raw: Duplex, parts: SocketViewerParts) {
    this.#socket = socket
    this.#raw = raw
    this.#parts = parts
  }

  /** Shows the state now, and whatever is newer from now on. */
  begin(admitted: AdmittedViewer, sendNewest: SendNewest): void {
    this.#audienceOf = admitted.audienceOf
    this.#leave = admitted.stop
    this.#line = sendNewest.open(this, admitted.live)
  }

  end(): void {
    this.#line?.close()
    this.#leave?.()
  }

  /** A frame of the viewer's. */
  hear(isBinary = false): void {
    this.#talk.hear(this.#socket, isBinary, () => this.#parts.givenUp('too_loud'))
  }

  onUpdate(live: LivePoll): void {
    this.#line?.show(live)
  }

  onDeleted(): void {
    this.#socket.close(CLOSE_CODES.pollNotFound, 'poll_not_found')
  }

  audienceOf(live: LivePoll): Audience {
    return this.#audienceOf(live)
  }

  isFull(): boolean {
    return this.#raw.writableLength > this.#parts.unsentBytesMax
  }

  /**
   * Takes whole frames, and hands them to the connection as they are, below `ws`, which would make a head for each viewer and
   * write two pieces. That is sound because nothing of ours ever waits in `ws`: without compression and without blobs it
   * writes each frame at once and whole, so ours come between two of its own; and after a close it sends nothing either.
   */
  send(frame: Buffer): void {
    if (this.#socket.readyState === this.#socket.OPEN) this.#raw.write(frame)
  }

  giveUp(): void {
    this.#parts.givenUp('too_slow')
    this.#socket.close(CLOSE_CODES.tooSlow, retryBetween(...slowRetryMs))
  }
}
