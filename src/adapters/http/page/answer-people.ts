import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Refused } from '../../../domain/refusal.ts'
import { limitHeadersOf, retryAfterOf } from '../problems.ts'

/** Browsers ask for HTML by name; programs take anything, or JSON. */
export function isForPerson({ headers }: FastifyRequest): boolean {
  return headers.accept?.includes('text/html') ?? false
}

/** What the head of a page says of a refusal that passes. */
export function sayWhenToComeBack(reply: FastifyReply, no: Refused): void {
  const retryAfter = retryAfterOf(no)
  if (retryAfter !== undefined) reply.header('retry-after', retryAfter)
  reply.headers(limitHeadersOf(no))
}
