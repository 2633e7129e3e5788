import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Caller } from '../../application/manage-polls/organise-polls.ts'
import type { Session, VoterCredentials } from '../../application/cast-vote/identify-voter.ts'
import { readRequestKey } from '../../application/cast-vote/request-key.ts'
import type { ReaderCredentials } from '../../application/watch-poll/see-poll.ts'
import { type Refused, isRefused, refuse } from '../../domain/refusal.ts'
import { type FromSomewhere, readClientAddress } from '../browsers/client-address.ts'
import { isFromForeignPage, type PublicAddress } from '../browsers/foreign-page.ts'

export const sessionCookie = 'tallycast_session'

type WithHeaders = Pick<FromSomewhere, 'headers'>

/** What a request shows of the organiser who sent it; null without a bearer. */
export function readBearer(request: WithHeaders): string | null | Refused {
  const header = request.headers.authorization
  if (header === undefined) return null
  const bearer = /^Bearer +([A-Za-z0-9._~+/-]+=*) *$/i.exec(header)?.[1]
  return bearer ?? refuse('token_invalid', 'The Authorization header must read: Bearer <token>.')
}

/** Whom the admin role shall judge. */
export function readCaller(request: FastifyRequest, { trustedProxies = null }: PublicAddress): Caller | Refused {
  const bearer = readBearer(request)
  if (isRefused(bearer)) return bearer
  return { bearer, requestId: request.id, address: readClientAddress(request, trustedProxies) }
}

/** What a request shows of the voter who sent it. A cookie that comes from a foreign page is as if it were not there. */
export function readVoter(
  app: Pick<FastifyInstance, 'parseCookie'>,
  request: FromSomewhere,
  address: PublicAddress,
): VoterCredentials | Refused {
  const requestKey = readRequestKey(single(request.headers['idempotency-key']))
  return isRefused(requestKey) ? requestKey : { ...readSession(app, request, address), requestKey }
}

function readSession(
  app: Pick<FastifyInstance, 'parseCookie'>,
  request: FromSomewhere,
  address: PublicAddress,
): Omit<VoterCredentials, 'requestKey'> {
  const cookie = readSessionCookie(app, request)
  return {
    voterToken: readVoterToken(request),
    sessionCookie: cookie === null || isFromForeignPage(request.headers, address) ? null : cookie,
    ...addressOf(request, address),
  }
}

export function readVoterToken({ headers }: WithHeaders): string | null {
  return single(headers['voter-token']) ?? null
}

/** Where a request comes from, for as long as that can be told. */
export function addressOf(
  request: FromSomewhere,
  { trustedProxies = null }: PublicAddress,
): Pick<VoterCredentials, 'address'> {
  const from = readClientAddress(request, trustedProxies)
  return from === null ? {} : { address: from }
}

/** The session of the browser that sends this, whoever made it do so: to be shown to its owner alone. */
export function readSessionCookie(
  app: Pick<FastifyInstance, 'parseCookie'>,
  { headers: { cookie } }: WithHeaders,
): string | null {
  if (cookie === undefined || !cookie.includes(sessionCookie)) return null
  return app.parseCookie(cookie)[sessionCookie] ?? null
}

/** Everything that a reader shows. Reading repeats without harm, so nobody needs a key for it and a weak one is passed over. */
export function readReader(
  app: Pick<FastifyInstance, 'parseCookie'>,
  request: FromSomewhere,
  address: PublicAddress,
): ReaderCredentials | Refused {
  const bearer = readBearer(request)
  if (isRefused(bearer)) return bearer
  const requestKey = readRequestKey(single(request.headers['idempotency-key']))
  return { ...readSession(app, request, address), bearer, requestKey: isRefused(requestKey) ? null : requestKey }
}

/** Gives the session to the browser. Not from a foreign page: it would take the place of the one that the browser's owner has. */
export function setSessionCookie(reply: FastifyReply, session: Session, address: PublicAddress): void {
  const cookie = sessionCookieFor(reply.server, reply.request, session, address)
  if (cookie !== null) reply.header('set-cookie', cookie)
}

/** The same, as the value of `Set-Cookie`; null where there is to be none. */
export function sessionCookieFor(
  app: Pick<FastifyInstance, 'serializeCookie'>,
  request: WithHeaders,
  session: Session,
  address: PublicAddress,
): string | null {
  if (isFromForeignPage(request.headers, address)) return null
  return app.serializeCookie(sessionCookie, session.token, cookieOptions(session, address))
}

/** `Secure` only where the service is reached by https: a laptop in a venue is not. */
function cookieOptions({ expiresAt }: Session, { publicUrl }: PublicAddress) {
  return {
    path: '/',
    httpOnly: true,
    sameSite: 'lax',
    secure: publicUrl?.startsWith('https:') ?? false,
    maxAge: Math.floor((expiresAt - Date.now()) / 1000),
  } as const
}

function single(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header.join(', ') : header
}
