import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import { refusalOfFault } from '../../application/refusal-of-fault.ts'
import { type Refused, refuse } from '../../domain/refusal.ts'
import { routeNotFound } from './not-found.ts'
import { type AnyRefused, sendFault, sendRefusal } from './problems.ts'
import { refuseInvalid } from './validation.ts'

/** The one place where faults of HTTP requests end. */
export function handleFaults(app: FastifyInstance, log: Pick<Logger, 'error' | 'warn'>): void {
  app.setErrorHandler((error: FastifyError, request: FastifyRequest, reply: FastifyReply) => {
    // Whoever sent half a request and left hears nothing any more, and has done nothing that would have to be looked into.
    if (request.raw.errored === error) return sendRefusal(reply, cutShort)
    const refused = refusalOf(error, request)
    if (refused !== null) return sendRefusal(reply, refused)
    const unavailable = refusalOfFault(error)
    if (unavailable !== null) {
      log.warn({ err: error, request_id: request.id }, 'a dependency is not available')
      return sendRefusal(reply, unavailable)
    }
    log.error({ err: error, request_id: request.id, method: request.method, route: request.routeOptions.url }, 'fault')
    return sendFault(reply)
  })
}

/** What Fastify says in errors about the request that a client sent. */
function refusalOf(error: FastifyError, request: FastifyRequest): Refused | null {
  if (error.validation !== undefined)
    return refuseInvalid(error.validation, error.validationContext ?? 'body', request.body)
  switch (error.code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return refuse(
        'too_large',
        `The body may have at most ${request.routeOptions.bodyLimit ?? 'a few thousand'} bytes.`,
      )
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return unsupportedMediaType
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
    case 'FST_ERR_CTP_INVALID_JSON_BODY':
      return invalidJson
    // A file was looked for by a detour.
    case 'FST_STATIC_FORBIDDEN_PATH':
      return routeNotFound
    default:
      return null
  }
}

const cutShort: AnyRefused = { refused: 'bad_request', detail: 'The request ended before it was whole.' }
const invalidJson = refuse('invalid_json', 'The body cannot be read as JSON in UTF-8.')
const unsupportedMediaType = refuse(
  'unsupported_media_type',
  'Send the body as application/json, without a Content-Encoding.',
)
