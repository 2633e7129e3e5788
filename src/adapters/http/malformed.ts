import { randomUUID } from 'node:crypto'
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { refuseForNow } from '../../domain/refusal.ts'
import { sharedHeaderLines } from '../browsers/shared-headers.ts'
import type { HttpApp } from './operation.ts'
import { type AnyRefused, describeProblem, problemType, sendRefusal, statusOf } from './problems.ts'

export const headerBytesMax = 16 * 1024
/** Who still sends when it is answered gets this long to read that and to hang up. */
const lingerMs = 1_000
/**
 * Requests that may wait on one connection for the answer to an earlier one. Each may hold a file or wait for a dependency, and
 * thousands fit into what is read at once.
 */
const pipelinedMax = 32

export type RefuseMalformed = {
  /** What Node tells of a connection on which something came that is no request, or came too slowly. */
  readonly onClientError: (error: { readonly code?: string }, socket: Socket) => void
  /** To be told of an answer that is given before any hook is called. */
  readonly note: (socket: Socket, answer: ServerResponse) => void
  /** Whether HTTP allows the request as it is, and all that came before it on its connection has its answer. */
  readonly isPlain: (request: IncomingMessage) => boolean
  /** To be called before any other hook is added that answers. */
  readonly addTo: (app: HttpApp) => void
}

/**
 * Answers what never becomes a request of ours: no HTTP, too slow to become a request, or without what HTTP itself asks for.
 * `keepsOwnTime`: whether a request that is being read on this connection has limits of its own for how long it may take.
 */
export function createRefuseMalformed(keepsOwnTime: (socket: Socket) => boolean): RefuseMalformed {
  const newestAnswers = new WeakMap<Socket, ServerResponse>()
  const pipelined = new WeakMap<Socket, number>()
  const distrusted = new WeakSet<Socket>()

  /** Counts the requests that came before the one ahead of them was answered; false where these are too many. */
  function hasRoom(socket: Socket, answer: ServerResponse): boolean {
    const ahead = newestAnswers.get(socket)
    newestAnswers.set(socket, answer)
    if (ahead === undefined || ahead === answer || ahead.writableFinished) return true
    const waiting = pipelined.get(socket) ?? 0
    if (waiting >= pipelinedMax) return false
    pipelined.set(socket, waiting + 1)
    answer.once('close', () => pipelined.set(socket, (pipelined.get(socket) ?? 1) - 1))
    return true
  }

  return {
    onClientError(error, socket) {
      // Node says so once for each request, and leaves the rest to us.
      if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT' && keepsOwnTime(socket)) return
      // Once for each connection, however much more of it comes.
      if (socket.writableEnded) return
      if (socket.writable && isUnanswered(socket, newestAnswers.get(socket))) answerAndEnd(socket, refusalOf(error))
      else socket.destroy()
    },
    note: (socket, answer) => void newestAnswers.set(socket, answer),
    isPlain: (request) =>
      (newestAnswers.get(request.socket)?.writableFinished ?? true) &&
      !distrusted.has(request.socket) &&
      findMalformed(request) === null,
    addTo(app) {
      // Node would refuse it without a body.
      app.server.on('checkExpectation', (request, response) => void app.server.emit('request', request, response))
      app.addHook('onRequest', (request, reply, done) => {
        const { socket } = request.raw
        const room = hasRoom(socket, reply.raw) ? null : tooManyAtOnce
        const refused = (distrusted.has(socket) ? unreadable : findMalformed(request.raw)) ?? room
        if (refused === null) return done()
        if (refused !== tooManyAtOnce) {
          // Somebody in front of us may have cut its bytes elsewhere, and what comes behind it may be somebody else's.
          distrusted.add(socket)
          reply.header('connection', 'close')
        }
        sendRefusal(reply, refused)
      })
    },
  }
}

/**
 * Whether an answer sent on this connection now would be taken for the answer to what is malformed. While an earlier request
 * waits for its own it would be taken for that: a vote that is being accepted would look refused. Where a malformed body has
 * its answer already, it would be taken for the answer to the next request.
 */
function isUnanswered(socket: Socket, newest: ServerResponse | undefined): boolean {
  if (newest === undefined) return true
  // Of several responses only the one whose turn it is has the socket; all of one that has ended is in the socket already.
  const hasTurn = newest.socket === socket
  if (newest.req.complete) return newest.writableFinished || (hasTurn && newest.writableEnded)
  return hasTurn && !newest.headersSent
}

function answerAndEnd(socket: Socket, refused: AnyRefused): void {
  const requestId = randomUUID()
  const status = statusOf(refused)
  const body = JSON.stringify(describeProblem(refused, requestId))
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    `Date: ${new Date().toUTCString()}`,
    'Connection: close',
    'Cache-Control: no-store',
    `X-Request-Id: ${requestId}`,
    ...sharedHeaderLines,
    `Content-Type: ${problemType}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
  // The other side of a connection may stay open for ever.
  const cut = setTimeout(() => socket.destroy(), lingerMs)
  socket.once('close', () => clearTimeout(cut))
}

const unreadable: AnyRefused = { refused: 'bad_request', detail: 'What was sent cannot be read as an HTTP request.' }

const tooManyAtOnce = refuseForNow('overloaded', 'Too many requests wait on this connection.')

const refusals: Readonly<Record<string, AnyRefused>> = {
  ERR_HTTP_REQUEST_TIMEOUT: { refused: 'request_timeout', detail: 'The request did not arrive in time.' },
  HPE_HEADER_OVERFLOW: {
    refused: 'headers_too_large',
    detail: `The headers may have at most ${headerBytesMax} bytes.`,
  },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: { refused: 'too_large', detail: 'The chunk extensions are too long.' },
}

function refusalOf({ code = '' }: { readonly code?: string }): AnyRefused {
  return refusals[code] ?? unreadable
}

/** What HTTP asks of every request, beyond that it can be parsed (RFC 9112, 3.2 and RFC 9110, 10.1.1). */
function findMalformed({ headers, rawHeaders, httpVersion }: IncomingMessage): AnyRefused | null {
  if (httpVersion !== '1.1') return null
  let hosts = 0
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]
    if (name?.length === 4 && name.toLowerCase() === 'host') hosts += 1
  }
  if (hosts !== 1) return { refused: 'bad_request', detail: 'A request names one Host.' }
  if (headers.expect === undefined || /^100-continue$/i.test(headers.expect)) return null
  return { refused: 'expectation_failed', detail: 'No other expectation than 100-continue can be met.' }
}
