import { randomUUID } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'

/** Nothing of it needs to be escaped in JSON. */
const requestIdForm = /^[A-Za-z0-9._:/+=-]{1,128}$/

/** A request id of the caller is kept, so that one search finds it everywhere; one that could confuse a log is not. */
export function requestIdOf(headers: IncomingHttpHeaders): string {
  const given = headers['x-request-id']
  return typeof given === 'string' && requestIdForm.test(given) ? given : randomUUID()
}
