import type { FastifyReply } from 'fastify'
import type { ServerResponse } from 'node:http'
import { Type } from 'typebox'
import type { AdmittedViewer, AdmitViewer } from '../../application/watch-poll/admit-viewer.ts'
import { systemClock } from '../../application/clock.ts'
import {
  createSendNewest,
  type NewestLine,
  type SendNewestLimits,
  sendNewestLimits,
} from '../../application/watch-poll/send-newest.ts'
import { createFrames, messageId } from '../../application/watch-poll/tally-message.ts'
import type { Viewer } from '../../application/watch-poll.ts'
import { isRefused, refuseForNow } from '../../domain/refusal.ts'
import { createCommentWheel } from './comment-wheel.ts'
import type { PublicAddress } from '../browsers/foreign-page.ts'
import { readReader } from './credentials.ts'
import { describeOperation, type HttpApp, reader, readRefusals } from './operation.ts'
import { PollParams } from './poll-schemas.ts'
import { sendRefusal } from './problems.ts'

export type EventStreamLimits = SendNewestLimits & {
  readonly commentEveryMs: number
  /** Bytes that may wait for one viewer before it is skipped. */
  readonly unsentBytesMax: number
}

const eventStreamLimits: EventStreamLimits = {
  commentEveryMs: 15_000,
  unsentBytesMax: 64 * 1024,
  ...sendNewestLimits,
}

const retryMinMs = 2_000
const retrySpreadMs = 2_000
/** After a stop this many viewers come back per second, at most. */
const returnsPerSecond = 2_000
const keepAliveProbeMs = 30_000
const comment = Buffer.from(':\n\n')

const stopping = refuseForNow('unavailable', 'This server is stopping. Please come back.')

type Parts = {
  readonly admitViewer: Pick<AdmitViewer, 'admit'>
  readonly address: PublicAddress
  readonly limits?: Partial<EventStreamLimits>
}

export type EventStreams = {
  /** Adds `GET /polls/{id}/events`. */
  addRoute(app: HttpApp): void
  viewerCount(): number
  /** Ends every stream with a time to come back, and waits until they have left, at most `withinMs`. */
  stop(withinMs: number): Promise<void>
}

/** One open stream. `end` lets it leave in order, `drop` at once. */
type Stream = { readonly beat: () => void; readonly end: (last?: string) => void; readonly drop: () => void }

/** The live tally as server-sent events. */
export function createEventStreams({ admitViewer, address, ...parts }: Parts): EventStreams {
  const limits = { ...eventStreamLimits, ...parts.limits }
  const frames = createFrames((message, id) => Buffer.from(`id: ${id}\ndata: ${JSON.stringify(message)}\n\n`))
  const sendNewest = createSendNewest(frames, systemClock, limits)
  const wheel = createCommentWheel(limits.commentEveryMs)
  const streams = new Set<Stream>()
  const emptied = Promise.withResolvers<void>()
  let isStopping = false

  function open(
    raw: ServerResponse,
    { live, audienceOf, stop }: AdmittedViewer,
    follow: (line: NewestLine) => void,
  ): Stream {
    const stream: Stream = {
      beat: () => void (isFull() || raw.write(comment)),
      // What was sent may still be on its way for long, and whatever is written after the end is a fault.
      end(last) {
        leave()
        raw.setTimeout(limits.behindMaxMs, stream.drop)
        raw.end(last)
      },
      drop: () => void raw.destroy(),
    }
    const leave = (): void => {
      wheel.remove(stream)
      line.close()
      stop()
    }
    const isFull = (): boolean => raw.writableLength > limits.unsentBytesMax
    raw.writeHead(200, streamHeaders)
    raw.socket?.setNoDelay(true).setKeepAlive(true, keepAliveProbeMs)
    raw.write(`retry: ${retryMinMs + Math.round(Math.random() * retrySpreadMs)}\n\n`)
    const line = sendNewest.open(
      { audienceOf, isFull, send: (frame) => void raw.write(frame), giveUp: stream.drop },
      live,
    )
    follow(line)
    streams.add(stream)
    wheel.add(stream)
    raw.once('close', () => {
      leave()
      streams.delete(stream)
      if (isStopping && streams.size === 0) emptied.resolve()
    })
    return stream
  }

  /** Whoever has the final state is told that nothing more will come, and stays away. */
  function isOver({ live, audienceOf }: AdmittedViewer, lastEventId: string | undefined): boolean {
    return live.tally.resultsFinal && lastEventId === messageId(live, audienceOf(live))
  }

  async function handle(
    app: HttpApp,
    wanted: { readonly pollId: string; readonly ticket: string | null; readonly lastEventId: string | undefined },
    reply: FastifyReply,
  ): Promise<FastifyReply> {
    const { request } = reply
    if (isStopping) return sendRefusal(reply, stopping)
    const shown = readReader(app, request, address)
    if (isRefused(shown)) return sendRefusal(reply, shown)
    let line: NewestLine | null = null
    let stream: Stream | null = null
    const viewer: Viewer = { onUpdate: (live) => line?.show(live), onDeleted: () => stream?.end() }
    const admitted = await admitViewer.admit(wanted.pollId, { ...shown, ticket: wanted.ticket }, viewer)
    if (isRefused(admitted)) return sendRefusal(reply, admitted)
    if (isOver(admitted, wanted.lastEventId) || reply.raw.destroyed || isStopping) {
      admitted.stop()
      return reply.code(204).header('cache-control', 'no-store').send()
    }
    reply.hijack()
    reply.raw.on('error', ignoreLostConnection)
    for (const [name, value] of Object.entries(reply.getHeaders()))
      if (value !== undefined) reply.raw.setHeader(name, value)
    stream = open(reply.raw, admitted, (opened) => {
      line = opened
    })
    return reply
  }

  return {
    addRoute: (app) => addRoute(app, async (wanted, reply) => handle(app, wanted, reply)),
    viewerCount: () => streams.size,
    async stop(withinMs) {
      isStopping = true
      if (streams.size === 0) emptied.resolve()
      const spreadMs = Math.max(1000, (streams.size / returnsPerSecond) * 1000)
      for (const stream of streams) stream.end(`retry: ${Math.round(Math.random() * spreadMs)}\n\n`)
      const late = setTimeout(() => {
        for (const stream of streams) stream.drop()
      }, withinMs)
      await emptied.promise
      clearTimeout(late)
      sendNewest.stop()
    },
  }
}

/** A connection that breaks is the viewer's way to leave; `close` follows and does what is to be done. */
function ignoreLostConnection(): void {}

const streamHeaders = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-cache, no-transform',
  // Proxies of the nginx family would otherwise keep updates back until a buffer is full.
  'x-accel-buffering': 'no',
}

const StreamQuery = Type.Object({
  ticket: Type.Optional(
    Type.String({ maxLength: 1024, description: 'From `POST /polls/{poll_id}/ticket`, where no header can go along.' }),
  ),
})

const StreamHeaders = Type.Object({
  'last-event-id': Type.Optional(Type.String({ description: 'Sent by browsers that come back.' })),
})

type Handler = (
  wanted: { pollId: string; ticket: string | null; lastEventId: string | undefined },
  reply: FastifyReply,
) => Promise<FastifyReply>

function addRoute(app: HttpApp, handler: Handler): void {
  app.get(
    '/polls/:poll_id/events',
    {
      // A HEAD would open a stream that never ends.
      exposeHeadRoute: false,
      schema: {
        ...describeOperation({
          operationId: 'streamTally',
          tags: ['Live'],
          summary: 'The live tally, as server-sent events',
          description:
            'The state at once, then whole states whenever it has changed, at most ten per second. `id` names the state; it is the version where this caller may see results. The same over a WebSocket at `/ws/polls/{poll_id}`.',
          security: reader,
          refusals: [...readRefusals, 'invalid_body', 'overloaded'],
        }),
        params: PollParams,
        querystring: StreamQuery,
        headers: StreamHeaders,
        response: {
          200: {
            description: 'A stream of tally messages.',
            content: { 'text/event-stream': { schema: Type.String({ examples: [exampleStream] }) } },
          },
          204: Type.Null({ description: 'The poll is final, and `Last-Event-ID` is its final state.' }),
        },
      },
    },
    async (request, reply) => {
      const { 'last-event-id': lastEventId } = request.headers
      const wanted = { pollId: request.params.poll_id, ticket: request.query.ticket ?? null, lastEventId }
      return handler(wanted, reply)
    },
  )
}

const exampleStream = `retry: 2500

id: 42
data: {"type":"tally","poll_id":"Zk3vQ8mT1xY5","round":1,"version":42,"revision":1,"as_of":"2030-01-31T18:30:00.000Z","status":"open","options":[{"id":1,"votes":24},{"id":2,"votes":17}],"total_votes":41,"results_final":false}

`
