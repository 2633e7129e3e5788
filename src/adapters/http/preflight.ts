import type { HttpApp } from './operation.ts'

/** Chromium asks again after two hours, Firefox after a day, whatever is said beyond that. */
const maxAgeSeconds = 24 * 60 * 60

const permission = {
  'access-control-allow-methods': 'GET, HEAD, POST, PUT, PATCH, DELETE',
  'access-control-allow-headers':
    'Authorization, Content-Type, Voter-Token, Idempotency-Key, If-None-Match, Last-Event-ID, X-Request-Id',
  'access-control-max-age': String(maxAgeSeconds),
}

/**
 * Answers browsers that ask whether a page of another origin may send something: it may, at every address, also at one that is not
 * there, since the answer to what is sent then says so.
 */
export function answerPreflights(app: HttpApp): void {
  app.addHook('onRequest', (request, reply, done) => {
    const isPreflight = request.method === 'OPTIONS' && 'access-control-request-method' in request.headers
    if (isPreflight) reply.code(204).headers(permission).send()
    else done()
  })
}
