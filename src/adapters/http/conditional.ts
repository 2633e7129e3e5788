import type { IncomingMessage, ServerResponse } from 'node:http'
import { sharedHeaderList } from '../browsers/shared-headers.ts'
import type { RenderedPoll } from './poll-body.ts'

/** Headers as Node takes them: each name before its value. */
type HeaderList = readonly string[]

export type ConditionalHeaders = { readonly whole: HeaderList; readonly unchanged: HeaderList }

const forAll: HeaderList = ['cache-control', 'public, max-age=1']
const whoAsks = 'Authorization, Cookie, Voter-Token, Origin, Sec-Fetch-Site'
const forCaller: HeaderList = ['cache-control', 'private, no-store', 'vary', whoAsks]

/**
 * What is the same for everybody may be kept for a second by caches on the way; what depends on the caller by nobody. Made
 * once for each state of a poll, like its body.
 */
export function conditionalHeaders(json: string, etag: string, isShared: boolean): ConditionalHeaders {
  const unchanged = [...sharedHeaderList, 'etag', etag, ...(isShared ? forAll : forCaller)]
  const length = String(Buffer.byteLength(json))
  return {
    unchanged,
    whole: [...unchanged, 'content-type', 'application/json; charset=utf-8', 'content-length', length],
  }
}

/**
 * Sends what a reader gets, or 304 where the reader has it already.
 *
 * Written past Fastify, whose way of sending (headers put together one by one, the content type parsed, the length counted
 * twice, hooks) took about 1 of the 16 us of a warm read; so what its hooks add is added here: the request id, and while the
 * process stops the end of the connection.
 */
export function sendRendered(
  request: Pick<IncomingMessage, 'headers'> & { readonly id: string },
  raw: ServerResponse,
  { json, etag, headers }: RenderedPoll,
  isStopping: boolean,
): void {
  const isUnchanged = hasAlready(request.headers['if-none-match'], etag)
  const list = ['x-request-id', request.id, ...(isUnchanged ? headers.unchanged : headers.whole)]
  if (isStopping) list.push('connection', 'close')
  raw.writeHead(isUnchanged ? 304 : 200, list)
  raw.end(isUnchanged ? undefined : json)
}

/** Weakly compared, as RFC 9110 asks for GET. */
export function hasAlready(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false
  if (header === etag || header.trim() === '*') return true
  return header.split(',').some((candidate) => candidate.trim().replace(/^W\//, '') === etag)
}
