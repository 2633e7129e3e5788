import type { FastifyInstance } from 'fastify'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { SeePoll } from '../../application/watch-poll/see-poll.ts'
import { isRefused } from '../../domain/refusal.ts'
import type { PublicAddress } from '../browsers/foreign-page.ts'
import { readReader } from './credentials.ts'
import { requestIdOf } from './request-id.ts'
import { sendSeen } from './send-seen.ts'

export type PlainReadsParts = { readonly seePoll: Pick<SeePoll, 'seeKnown'>; readonly address: PublicAddress }

/** Answers a request that reads a poll in memory; false where it is one of all the others. */
export type AnswerPlainRead = (request: IncomingMessage, response: ServerResponse) => boolean

const readPath = /^\/polls\/([A-Za-z0-9_-]{1,64})(\/results)?$/

/**
 * The short way of readers as nearly all are: of a poll in memory, past routes, hooks and schemas. Whatever needs to be looked up, or is
 * to be refused, goes the long way.
 *
 * `isWellFormed`: whether HTTP allows the request as it is, and no other waits ahead of it on its connection.
 */
export function createAnswerPlainRead(
  app: Pick<FastifyInstance, 'parseCookie'>,
  { seePoll, address }: PlainReadsParts,
  server: { readonly isWellFormed: (request: IncomingMessage) => boolean; readonly isStopping: () => boolean },
): AnswerPlainRead {
  return (request, response) => {
    const { method, url = '', headers } = request
    if (method !== 'GET' || headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined)
      return false
    const [, pollId, results] = readPath.exec(url) ?? []
    if (pollId === undefined || !server.isWellFormed(request)) return false
    const shown = readReader(app, request, address)
    if (isRefused(shown)) return false
    const seen = seePoll.seeKnown(pollId, shown)
    if (seen === null || isRefused(seen)) return false
    const asked = { headers, id: requestIdOf(headers) }
    sendSeen(asked, response, results === undefined ? 'poll' : 'results', seen, server.isStopping())
    return true
  }
}
