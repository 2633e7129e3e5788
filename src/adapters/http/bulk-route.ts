import type { Socket } from 'node:net'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { CastInBulk } from '../../application/cast-vote/cast-in-bulk.ts'
import type { LimitBearers } from '../../application/limit-rates/limit-bearers.ts'
import { type Refused, isRefused, refuse, refuseForNow } from '../../domain/refusal.ts'
import type { PublicAddress } from '../browsers/foreign-page.ts'
import { BulkAnswerLine, bulkDescription, BulkLine } from './bulk-schemas.ts'
import { BULK_STREAM_LIMITS, type BulkStreamLimits, runBulkStream } from './bulk-stream.ts'
import { addressOf, readBearer } from './credentials.ts'
import { isEncoded } from './json-body.ts'
import { describeOperation, type HttpApp, keyWith } from './operation.ts'
import { PollParams } from './poll-schemas.ts'
import { sendRefusal } from './problems.ts'

export type BulkLimits = BulkStreamLimits & {
  /** Requests that are read at the same time; what each holds is bounded, and so all of it. */
  readonly streamsMax: number
  /** How often the key of each is judged anew: with the time for which a good key is believed, less than 10 s. */
  readonly judgeEveryMs: number
}

const bulkLimits: BulkLimits = { ...BULK_STREAM_LIMITS, streamsMax: 16, judgeEveryMs: 4_000 }
const contentType = 'application/x-ndjson'

export type BulkVotes = {
  /** Adds `POST /polls/{id}/votes/bulk`. */
  addRoute(app: HttpApp): void
  /** Whether votes are being read from this connection, for as long as they may take. */
  isReading(socket: Socket): boolean
  /** Reads no more, answers what was read, and waits until it has gone out, at most `withinMs`. */
  stop(withinMs: number): Promise<void>
}

type Parts = {
  readonly castInBulk: CastInBulk
  readonly limitBearers: Pick<LimitBearers, 'ask'>
  readonly address: PublicAddress
  readonly limits?: Partial<BulkLimits>
}

/** Votes from trusted hosts, as lines in a body that is read while it is answered. */
export function createBulkVotes({ castInBulk, limitBearers, address, ...parts }: Parts): BulkVotes {
  const limits = { ...bulkLimits, ...parts.limits }
  const streams = new Map<Socket, { readonly stopping: AbortController; readonly ended: Promise<void> }>()
  let places = limits.streamsMax
  let isStopping = false

  /** Reads and answers votes to their end; or says why not, before anything is sent. */
  async function run(pollId: string, reply: FastifyReply): Promise<Refused | null> {
    const { raw, request } = reply
    const bearer = readBearer(request)
    if (isRefused(bearer)) return bearer
    const stopping = new AbortController()
    const intake = await castInBulk.begin(pollId, stopping.signal)
    if (isRefused(intake)) return intake
    if (isStopping) return stoppingNow
    reply.hijack()
    for (const [name, value] of Object.entries(reply.getHeaders())) {
      if (value !== undefined) raw.setHeader(name, value)
    }
    // Whoever has left is not waited for.
    raw.once('close', () => stopping.abort())
    if (raw.destroyed) stopping.abort()
    raw.on('error', ignoreLostConnection)
    raw.writeHead(200, streamHeaders).flushHeaders()
    raw.socket?.setNoDelay(true)
    const { socket } = request.raw
    const ended = runBulkStream(request.raw, raw, intake, limits, stopping.signal)
    streams.set(socket, { stopping, ended })
    const judging = setInterval(() => void judgeAgain(bearer, stopping), limits.judgeEveryMs)
    try {
      await ended
    } finally {
      clearInterval(judging)
      streams.delete(socket)
    }
    return null
  }

  /** Whose key has ended brings no more votes. While that cannot be judged it goes on: it was good. */
  async function judgeAgain(bearer: string | null, stopping: AbortController): Promise<void> {
    const refused = await castInBulk.authorize(bearer).catch(() => null)
    if (refused !== null && refused.retryAfterMs === undefined) stopping.abort()
  }

  async function handle(pollId: string, reply: FastifyReply): Promise<FastifyReply> {
    // One of each connection: its times and its end are those of the connection.
    const isFull = places === 0 || streams.has(reply.request.raw.socket)
    const noPlace = isStopping ? stoppingNow : isFull ? tooManyStreams : null
    if (noPlace !== null) return sendRefusal(reply, noPlace)
    places -= 1
    const refused = await run(pollId, reply).finally(() => (places += 1))
    return refused === null ? reply : sendRefusal(reply, refused)
  }

  /** All that can be said without the poll, before anything of the body is read. */
  async function refuseUnread(request: FastifyRequest, pollId: string): Promise<Refused | null> {
    const bearer = readBearer(request)
    if (isRefused(bearer)) return bearer
    const shown = { bearer, ...addressOf(request, address) }
    const refused = await limitBearers.ask(shown, pollId, async () => castInBulk.authorize(bearer))
    return refused ?? (isNdjson(request) ? null : unsupportedMediaType)
  }

  return {
    addRoute: (app) => addRoute(app, refuseUnread, handle),
    isReading: (socket) => streams.has(socket),
    async stop(withinMs) {
      isStopping = true
      const running = [...streams]
      for (const [, { stopping }] of running) stopping.abort()
      const late = setTimeout(() => {
        for (const [socket] of running) socket.destroy()
      }, withinMs)
      await Promise.all(running.map(([, { ended }]) => ended))
      clearTimeout(late)
    },
  }
}

const stoppingNow = refuseForNow('unavailable', 'This server is stopping. Please come back.')
const tooManyStreams = refuseForNow('overloaded', 'Too many hosts bring votes right now. Please try again.')
const unsupportedMediaType = refuse(
  'unsupported_media_type',
  `Send the votes as ${contentType}, one JSON object per line, without a Content-Encoding.`,
)

const streamHeaders = {
  'content-type': contentType,
  'cache-control': 'no-store',
  // Proxies of the nginx family would otherwise keep answers back until a buffer is full.
  'x-accel-buffering': 'no',
}

/** A connection that breaks is a host's way to leave; `close` follows and does what is to be done. */
function ignoreLostConnection(): void {}

function isNdjson(request: FastifyRequest): boolean {
  const type = request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase()
  return type === contentType && !isEncoded(request)
}

function addRoute(
  app: HttpApp,
  refuseUnread: (request: FastifyRequest, pollId: string) => Promise<Refused | null>,
  handle: (pollId: string, reply: FastifyReply) => Promise<FastifyReply>,
): void {
  // In a context of its own, because here alone a body is left to be read by the handler.
  app.register(async (bulk: HttpApp) => {
    bulk.removeAllContentTypeParsers()
    bulk.addContentTypeParser(contentType, (_request, _body, done) => done(null, undefined))
    bulk.post(
      '/polls/:poll_id/votes/bulk',
      {
        schema: {
          ...describeOperation({
            operationId: 'castVotes',
            tags: ['Votes'],
            summary: 'Votes of many voters, from a trusted host',
            description: bulkDescription,
            security: keyWith('votes:write'),
            refusals: [
              'unsupported_media_type',
              'unauthenticated',
              'token_invalid',
              'forbidden',
              'poll_not_found',
              'poll_not_open',
              'poll_closed',
              'rate_limited',
              'overloaded',
              'unavailable',
            ],
          }),
          params: PollParams,
          body: { content: { [contentType]: { schema: BulkLine } } },
          response: {
            200: { description: 'A line for each vote.', content: { [contentType]: { schema: BulkAnswerLine } } },
          },
        },
        // Lines are judged one by one as they come, and what can be no poll's id is that of no poll.
        validatorCompiler: () => () => true,
        onRequest: async (request, reply) => {
          const refused = await refuseUnread(request, request.params.poll_id)
          return refused === null ? undefined : sendRefusal(reply, refused)
        },
      },
      async (request, reply) => handle(request.params.poll_id, reply),
    )
  })
}
