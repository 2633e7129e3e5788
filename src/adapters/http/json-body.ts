import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { refuse } from '../../domain/refusal.ts'
import { sendRefusal } from './problems.ts'

const decoder = new TextDecoder('utf-8', { fatal: true })
const errorsMax = 20

/**
 * Reads JSON bodies, and takes an empty one as none whatever its content type says: half of all clients send a content type
 * with an empty POST. Bytes that are not UTF-8 are refused, since replacing them would change what somebody wrote.
 */
export function readJsonBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser<Buffer>('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    if (body.length === 0) return done(null, undefined)
    // Nothing is unpacked here, so a small body cannot become a large one.
    if (isEncoded(request)) return done(requestError('FST_ERR_CTP_INVALID_MEDIA_TYPE'))
    let value: unknown
    try {
      value = parseJson(body)
    } catch {
      return done(requestError('FST_ERR_CTP_INVALID_JSON_BODY'))
    }
    done(null, value)
  })
  app.addContentTypeParser<Buffer>('*', { parseAs: 'buffer' }, (_request, body, done) => {
    if (body.length === 0) done(null, undefined)
    else done(requestError('FST_ERR_CTP_INVALID_MEDIA_TYPE'))
  })
}

/** Throws where the bytes are not JSON in UTF-8. */
export function parseJson(body: Buffer): unknown {
  return JSON.parse(decoder.decode(body))
}

/** For calls that take no body: none, or an empty object. */
export async function refuseBody(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> {
  const { body } = request
  if (body === undefined || body === null) return undefined
  const names = typeof body === 'object' && !Array.isArray(body) ? Object.keys(body) : ['']
  if (names.length === 0) return undefined
  const errors = names.slice(0, errorsMax).map((name) => ({ pointer: name && `/${name}`, detail: 'is not known here' }))
  return sendRefusal(reply, refuse('invalid_body', 'This call takes no body.', errors))
}

export function isEncoded({ headers }: FastifyRequest): boolean {
  const encoding = headers['content-encoding']
  return encoding !== undefined && encoding.trim().toLowerCase() !== 'identity'
}

/** Spoken of by Fastify's own codes, so that one place answers both. */
function requestError(code: string): Error {
  return Object.assign(new Error(code), { code })
}
