import type { FastifyReply } from 'fastify'
import { sharedHeaders } from '../browsers/shared-headers.ts'
import type { HttpApp } from './operation.ts'

/** Puts on every answer of every route what all have in common. To be called before any other hook is added. */
export function addAnswerHeaders(app: HttpApp): void {
  app.addHook('onRequest', (_request, reply, done) => {
    putAnswerHeaders(reply)
    done()
  })
}

export function putAnswerHeaders(reply: FastifyReply): FastifyReply {
  return reply.headers(sharedHeaders).header('x-request-id', reply.request.id)
}
