import type { FastifyReply, FastifyRequest } from 'fastify'
import type { RenderedPoll } from './poll-body.ts'

/**
 * Sends what a reader gets, or 304 where the reader has it already. What is the same for everybody may be kept for a second
 * by caches on the way; what depends on the caller by nobody.
 */
export function sendRendered(
  request: FastifyRequest,
  reply: FastifyReply,
  { json, etag, isShared }: RenderedPoll,
): FastifyReply {
  reply.header('etag', etag)
  if (isShared) reply.header('cache-control', 'public, max-age=1')
  else reply.header('cache-control', 'private, no-store').header('vary', 'Authorization, Cookie, Voter-Token')
  if (hasAlready(request.headers['if-none-match'], etag)) return reply.code(304).send()
  return reply.header('content-type', 'application/json; charset=utf-8').send(json)
}

/** Weakly compared, as RFC 9110 asks for GET. */
function hasAlready(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false
  if (header.trim() === '*') return true
  return header.split(',').some((candidate) => candidate.trim().replace(/^W\//, '') === etag)
}
