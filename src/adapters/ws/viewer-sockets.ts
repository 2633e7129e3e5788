import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer, type WebSocket } from 'ws'
import { CLOSE_CODES } from '../../../contract/messages.ts'
import type { AdmitViewer, ViewerCredentials } from '../../application/watch-poll/admit-viewer.ts'
import { systemClock } from '../../application/clock.ts'
import { refusalOfFault } from '../../application/refusal-of-fault.ts'
import { createSendNewest, type SendNewestLimits, sendNewestLimits } from '../../application/watch-poll/send-newest.ts'
import { createFrames } from '../../application/watch-poll/tally-message.ts'
import { isRefused, type Refused } from '../../domain/refusal.ts'
import { CODE_OF_REFUSAL, retryBetween } from './close-codes.ts'
import { createPingWheel } from './ping-wheel.ts'
import { SocketViewer } from './socket-viewer.ts'
import { frameText } from './text-frame.ts'
import { type CredentialsOptions, readAddress, readCredentials, refuseUpgrade } from './upgrade.ts'

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
  const frames = createFrames((message) => frameText(JSON.stringify(message)))
  const sendNewest = createSendNewest(frames, systemClock, limits)
  const server = new WebSocketServer(serverOptions(limits.closeTimeoutMs))
  server.on('wsClientError', (_error, raw) => refuseUpgrade(raw, 'bad_request', ['Sec-WebSocket-Version: 13, 8']))
  const viewerParts = { unsentBytesMax: limits.unsentBytesMax, givenUp }
  const sockets = new Map<WebSocket, SocketViewer>()
  const stopping = Promise.withResolvers<void>()
  let isStopping = false
  let returnSpreadMs = returnSpreadMinMs

  function onUpgrade(request: IncomingMessage, raw: Duplex, head: Buffer): void {
    raw.on('error', ignoreLostConnection)
    const wanted = readAddress(request.url)
    if (wanted === null) return refuseUpgrade(raw, 'route_not_found')
    if (sockets.size >= limits.socketsMax) return refuseUpgrade(raw, 'overloaded', ['Retry-After: 10'])
    const shown = { ...readCredentials(request, parts), ticket: wanted.ticket }
    server.handleUpgrade(request, raw, head, (socket) => welcome(socket, raw, wanted.pollId, shown))
  }

  /** Nothing that lives as long as the viewer may see the request: it would be kept as long, with all its headers. */
  function welcome(socket: WebSocket, raw: Duplex, pollId: string, shown: ViewerCredentials): void {
    const viewer = new SocketViewer(socket, raw, viewerParts)
    sockets.set(socket, viewer)
    socket.on('error', ignoreLostConnection)
    socket.on('close', onClose)
    if (isStopping) return sendAway(socket)
    wheel.add(socket)
    socket.on('ping', onFrame)
    socket.on('pong', onFrame)
    socket.on('message', onMessage)
    show(socket, viewer, pollId, shown).catch((fault: unknown) => {
      report(fault)
      socket.close(CLOSE_CODES.tryAgain, retryBetween(...faultRetryMs))
    })
  }

  function onClose(this: WebSocket): void {
    const viewer = sockets.get(this)
    sockets.delete(this)
    wheel.remove(this)
    viewer?.end()
    if (isStopping && sockets.size === 0) stopping.resolve()
  }

  function onFrame(this: WebSocket): void {
    sockets.get(this)?.hear()
  }

  function onMessage(this: WebSocket, _data: unknown, isBinary: boolean): void {
    sockets.get(this)?.hear(isBinary)
  }

  async function show(
    socket: WebSocket,
    viewer: SocketViewer,
    pollId: string,
    shown: ViewerCredentials,
  ): Promise<void> {
    const admitted = await admitViewer.admit(pollId, shown, viewer).catch(refusalOrFault)
    if (isRefused(admitted)) return closeRefused(socket, admitted)
    if (socket.readyState !== socket.OPEN) return admitted.stop()
    viewer.begin(admitted, sendNewest)
  }

  function sendAway(socket: WebSocket): void {
    socket.close(CLOSE_CODES.tryAgain, retryBetween(0, returnSpreadMs))
  }

  return {
    attach: (httpServer) => void httpServer.on('upgrade', onUpgrade),
    viewerCount: () => sockets.size,
    async stop(withinMs) {
      isStopping = true
      returnSpreadMs = Math.max(returnSpreadMinMs, (sockets.size / returnsPerSecond) * 1000)
      if (sockets.size === 0) stopping.resolve()
      for (const socket of sockets.keys()) sendAway(socket)
      const late = setTimeout(() => {
        for (const socket of sockets.keys()) socket.terminate()
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
