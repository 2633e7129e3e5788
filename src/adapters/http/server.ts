import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import cookie from '@fastify/cookie'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import { fastify } from 'fastify'
import type { Logger } from 'pino'
import { addAnswerHeaders, putAnswerHeaders } from './answer-headers.ts'
import { handleFaults } from './faults.ts'
import { readJsonBodies } from './json-body.ts'
import { createRefuseMalformed, headerBytesMax } from './malformed.ts'
import { answerStrayRequests } from './not-found.ts'
import { describeRoutes } from './openapi.ts'
import type { HttpApp } from './operation.ts'
import type { PublicAddress } from '../browsers/foreign-page.ts'
import { type AnswerPlainRead, createAnswerPlainRead, type PlainReadsParts } from './plain-read.ts'
import { createTakePlainVote, type PlainVotesParts, type TakePlainVote } from './plain-vote.ts'
import { answerPreflights } from './preflight.ts'
import { sendRefusal } from './problems.ts'
import { createRefuseEarly } from './refuse-early.ts'
import { requestIdOf } from './request-id.ts'
import { ajvOptions } from './validation.ts'
import { type Refused, refuse } from '../../domain/refusal.ts'

const bodyBytesMax = 128 * 1024
const connectionsMaxDefault = 30_000
const headersTimeoutMs = 5_000
const requestTimeoutMs = 10_000
const timeoutCheckMs = 2_000
/**
 * Who takes nothing of its answer for this long is cut off; for up to twice as long where it took a last piece of it meanwhile.
 * An event stream is silent between two comments, and must not count as stalled then: so it is at least the margin longer.
 */
const stalledLeastMsDefault = 20_000
const stalledMarginMs = 5_000
/** Longer than most proxies keep an idle connection, so that they end it and not we, in the middle of their next request. */
const keepAliveMs = 75_000
/** While closing. */
const idleSweepMs = 20
/** Vote ids are the longest parameters. */
const parameterCharactersMax = 300

export type HttpServerOptions = {
  readonly log: Pick<Logger, 'error' | 'warn'>
  readonly version: string
  /** Where people reach it. */
  readonly address?: PublicAddress
  /** Beyond them a connection is closed as soon as it is made: there is no room for a word. */
  readonly connectionsMax?: number
  /** How long a healthy event stream may be silent. */
  readonly viewerPingMs?: number
  readonly stalledLeastMs?: number
  /** True while the process stops: answers ask for the end of their connection, so that clients turn to another process. */
  readonly isStopping?: () => boolean
  /** Whether the request on this connection is read for as long as its route allows, and not for as long as any other. */
  readonly keepsOwnTime?: (socket: Socket) => boolean
  /** What every vote is told now, whatever it says; null where votes are looked at. */
  readonly refuseVotesNow?: () => Refused | null
  /** Where given, plain votes and plain readers take the short way. */
  readonly shortWays?: Omit<PlainVotesParts & PlainReadsParts, 'address'>
  /** Adds the routes, in the order in which /docs shall show them. */
  readonly addRoutes: (app: HttpApp) => void
}

/** The HTTP side of the api: what holds for every request. It listens when its caller says so. */
export async function createHttpServer(options: HttpServerOptions): Promise<HttpApp> {
  const { log, version, connectionsMax = connectionsMaxDefault, isStopping = () => false, addRoutes } = options
  const {
    address = { publicUrl: null },
    viewerPingMs = 0,
    stalledLeastMs = stalledLeastMsDefault,
    refuseVotesNow = () => null,
  } = options
  const malformed = createRefuseMalformed(options.keepsOwnTime ?? (() => false))
  const refuseEarly = createRefuseEarly(refuseVotesNow, isStopping)
  let takePlainVote: TakePlainVote = () => false
  let answerPlainRead: AnswerPlainRead = () => false
  const app: HttpApp = fastify({
    // One line per request would cost more than the request; faults are logged with their request id.
    logger: false,
    genReqId: ({ headers }) => requestIdOf(headers),
    bodyLimit: bodyBytesMax,
    serverFactory: (handle) => {
      const server = listenWith((request, response) => {
        const isShort =
          refuseEarly(request, response) || takePlainVote(request, response) || answerPlainRead(request, response)
        if (isShort) malformed.note(request.socket, response)
        else handle(request, response)
      })
      server.setTimeout(Math.max(stalledLeastMs, viewerPingMs + stalledMarginMs))
      server.maxConnections = connectionsMax
      return server
    },
    routerOptions: { maxParamLength: parameterCharactersMax },
    trustProxy: false,
    forceCloseConnections: 'idle',
    // While stopping, requests on connections that are still open are answered like any other.
    return503OnClosing: false,
    ajv: { customOptions: ajvOptions },
    clientErrorHandler: malformed.onClientError,
    frameworkErrors: (_error, _request, reply) => {
      sendRefusal(putAnswerHeaders(reply), addressUnreadable)
    },
  }).withTypeProvider<TypeBoxTypeProvider>()

  // The schemas of answers describe and give types; what is sent was built field by field by us.
  app.setSerializerCompiler(() => JSON.stringify)
  addAnswerHeaders(app)
  malformed.addTo(app)
  answerPreflights(app)
  // Said with the answer, not with the request: one that came before the stop may be answered after it.
  app.addHook('onSend', (_request, reply, _payload, done) => {
    if (isStopping()) reply.header('connection', 'close')
    done()
  })
  answerStrayRequests(app)
  handleFaults(app, log)
  readJsonBodies(app)
  app.register(cookie, { hook: false })
  describeRoutes(app, version, address)
  // Asynchronous, so that a fault in it is one of `ready`.
  app.register(async (routes: HttpApp) => addRoutes(routes))
  await app.ready()
  if (options.shortWays !== undefined) {
    const server = {
      isWellFormed: malformed.isPlain,
      isStopping,
      goOn: (request: IncomingMessage, response: ServerResponse) => app.routing(request, response),
    }
    const parts = { ...options.shortWays, address }
    takePlainVote = createTakePlainVote(app, parts, server)
    answerPlainRead = createAnswerPlainRead(app, parts, server)
  }
  return app
}

/** Node's own server, with our limits. */
function listenWith(listener: RequestListener): Server {
  return createServer(
    {
      headersTimeout: headersTimeoutMs,
      requestTimeout: requestTimeoutMs,
      keepAliveTimeout: keepAliveMs,
      connectionsCheckingInterval: timeoutCheckMs,
      maxHeaderSize: headerBytesMax,
      // Checked by us, who answer with a body.
      requireHostHeader: false,
      shouldUpgradeCallback: isForWebSocket,
    },
    listener,
  )
}

/**
 * Takes no connections any more, lets the answers that are under way go out, and closes each connection as soon as nothing is
 * asked on it. Whoever is not through after `withinMs` (half a request, a client that does not read) is cut off.
 *
 * Node closes what is idle at that moment alone, and stops looking for requests that never become whole: a connection whose
 * answer goes out a moment later, or that has sent half a request, would keep the process from ending.
 */
export async function closeHttpServer(app: HttpApp, withinMs: number): Promise<void> {
  const closed = app.close()
  const sweep = setInterval(() => app.server.closeIdleConnections(), idleSweepMs)
  const cut = setTimeout(() => app.server.closeAllConnections(), withinMs)
  await closed
  clearInterval(sweep)
  clearTimeout(cut)
}

const addressUnreadable = refuse('route_not_found', 'This address cannot be read.')

/** Any other offer to upgrade, as curl's to HTTP/2, is passed over, and the request answered as what it is. */
function isForWebSocket({ headers }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() === 'websocket'
}
