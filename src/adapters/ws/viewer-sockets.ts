import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer, type WebSocket } from 'ws'
import { CLOSE_CODES } from '../../../contract/messages.ts'
import type { AdmitViewer } from '../../application/watch-poll/admit-viewer.ts'
import { systemClock } from '../../application/clock.ts'
import { refusalOfFault } from '../../application/refusal-of-fault.ts'
import {
  createSendNewest,
  type NewestLine,
  type SendNewestLimits,
  sendNewestLimits,
} from '../../application/watch-poll/send-newest.ts'
import { createFrames } from '../../application/watch-poll/tally-message.ts'
import { isRefused, type Refused } from '../../domain/refusal.ts'
import { CODE_OF_REFUSAL, retryBetween } from './close-codes.ts'
import { limitTalking } from './incoming.ts'
import { createPingWheel } from './ping-wheel.ts'
import { type CredentialsOptions, readAddress, readCredentials, refuseUpgrade, type Wanted } from './upgrade.ts'

export type ViewerSocketLimits = SendNewestLimits & {
  /** Sockets, also those that are being closed or have not been let in yet; more get no handshake. */
  readonly socketsMax: number
  readonly pingEveryMs: number
  /** Bytes that may wait for one viewer before it is skipped. */
  readonly unsentBytesMax: number
  /** How long a socket has to answer our close. */
  readonly closeTimeoutMs: number
}

const viewerSocketLimits: ViewerSocketLimits = {
  socketsMax: 22_000,
  pingEveryMs: 15_000,
  unsentBytesMax: 64 * 1024,
  closeTimeoutMs: 5_000,
  ...sendNewestLimits,
}

const payloadBytesMax = 4096
const fragmentsMax = 64
/** Pieces in which a frame may arrive. Each costs more memory than the byte that it may consist of. */
const piecesMax = 64
const busyRetryMs = [5_000, 15_000] as const
const slowRetryMs = [2_000, 8_000] as const
const faultRetryMs = [1_000, 5_000] as const
/** After a stop this many viewers come back per second, at most. */
const returnsPerSecond = 2_000
const returnSpreadMinMs = 1_000

/** Why a viewer that wanted to go on was given up: it took nothing for too long, answered no ping, or said too much. */
export type GivenUpCause = 'too_slow' | 'no_pong' | 'too_loud'

export type ViewerSocketsParts = CredentialsOptions & {
  readonly admitViewer: Pick<AdmitViewer, 'admit'>
  readonly report: (fault: unknown) => void
  /** A viewer was given up; called once for each. */
  readonly givenUp: (cause: GivenUpCause) => void
  readonly limits?: Partial<ViewerSocketLimits>
}

export type ViewerSockets = {
  /** Takes the upgrades of this server from now on. */
  attach(server: Server): void
  viewerCount(): number
  /** Tells every viewer when to come back, and waits for the goodbyes, at most `withinMs`. New ones are sent away as well. */
  stop(withinMs: number): Promise<void>
}

/** `WS /ws/polls/{id}`: every handshake is accepted, because a browser learns why it was refused from a close code alone. */
export function createViewerSockets({ admitViewer, report, givenUp, ...parts }: ViewerSocketsParts): ViewerSockets {
  const limits = { ...viewerSocketLimits, ...parts.limits }
  const wheel = createPingWheel(limits.pingEveryMs, () => givenUp('no_pong'))
  const frames = createFrames((message) => Buffer.from(JSON.stringify(message)))
  const sendNewest = createSendNewest(frames, systemClock, limits)
  const server = new WebSocketServer(serverOptions(limits.closeTimeoutMs))
  server.on('wsClientError', (_error, raw) => refuseUpgrade(raw, 'bad_request', ['Sec-WebSocket-Version: 13, 8']))
  const sockets = new Set<WebSocket>()
  const stopping = Promise.withResolvers<void>()
  let isStopping = false
  let viewers = 0
  let returnSpreadMs = returnSpreadMinMs

  function onUpgrade(request: IncomingMessage, raw: Duplex, head: Buffer): void {
    raw.on('error', ignoreLostConnection)
    const wanted = readAddress(request.url)
    if (wanted === null) return refuseUpgrade(raw, 'route_not_found')
    if (sockets.size >= limits.socketsMax) return refuseUpgrade(raw, 'overloaded', ['Retry-After: 10'])
    server.handleUpgrade(request, raw, head, (socket) => {
      sockets.add(socket)
      socket.on('error', ignoreLostConnection)
      socket.once('close', () => {
        sockets.delete(socket)
        wheel.remove(socket)
        if (isStopping && sockets.size === 0) stopping.resolve()
      })
      if (isStopping) return sendAway(socket)
      wheel.add(socket)
      limitTalking(socket, () => givenUp('too_loud'))
      show(socket, wanted, request).catch((fault: unknown) => {
        report(fault)
        socket.close(CLOSE_CODES.tryAgain, retryBetween(...faultRetryMs))
      })
    })
  }

  async function show(socket: WebSocket, { pollId, ticket }: Wanted, request: IncomingMessage): Promise<void> {
    viewers += 1
    socket.once('close', () => {
      viewers -= 1
    })
    let line: NewestLine | null = null
    const admitted = await admitViewer
      .admit(
        pollId,
        { ...readCredentials(request, parts), ticket },
        {
          onUpdate: (live) => line?.show(live),
          onDeleted: () => socket.close(CLOSE_CODES.pollNotFound, 'poll_not_found'),
        },
      )
      .catch(refusalOrFault)
    if (isRefused(admitted)) return closeRefused(socket, admitted)
    const outlet = {
      audienceOf: admitted.audienceOf,
      isFull: () => socket.bufferedAmount > limits.unsentBytesMax,
      send: (frame: Buffer) => socket.send(frame, textFrame),
      giveUp: () => {
        givenUp('too_slow')
        socket.close(CLOSE_CODES.tooSlow, retryBetween(...slowRetryMs))
      },
    }
    if (socket.readyState !== socket.OPEN) return admitted.stop()
    line = sendNewest.open(outlet, admitted.live)
    socket.once('close', () => {
      line?.close()
      admitted.stop()
    })
  }

  function sendAway(socket: WebSocket): void {
    socket.close(CLOSE_CODES.tryAgain, retryBetween(0, returnSpreadMs))
  }

  return {
    attach: (httpServer) => void httpServer.on('upgrade', onUpgrade),
    viewerCount: () => viewers,
    async stop(withinMs) {
      isStopping = true
      returnSpreadMs = Math.max(returnSpreadMinMs, (sockets.size / returnsPerSecond) * 1000)
      if (sockets.size === 0) stopping.resolve()
      for (const socket of sockets) sendAway(socket)
      const late = setTimeout(() => {
        for (const socket of sockets) socket.terminate()
      }, withinMs)
      await stopping.promise
      clearTimeout(late)
      wheel.stop()
      sendNewest.stop()
    },
  }
}

/** No compression: it costs more memory per viewer than all the rest. */
function serverOptions(closeTimeout: number) {
  return {
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: payloadBytesMax,
    maxFragments: fragmentsMax,
    maxBufferedChunks: piecesMax,
    handleProtocols: () => false as const,
    closeTimeout,
  }
}

const textFrame = { binary: false }

function closeRefused(socket: WebSocket, { refused }: Refused): void {
  const code = CODE_OF_REFUSAL[refused]
  socket.close(code, code === CLOSE_CODES.tooBusy ? retryBetween(...busyRetryMs) : refused)
}

function refusalOrFault(fault: unknown): Refused {
  const refused = refusalOfFault(fault)
  if (refused === null) throw fault
  return refused
}

/** A connection that breaks is the viewer's way to leave; `close` follows and does what is to be done. */
function ignoreLostConnection(): void {}
