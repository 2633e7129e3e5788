import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Caller } from '../../application/manage-polls/organise-polls.ts'
import type { Session, VoterCredentials } from '../../application/cast-vote/identify-voter.ts'
import { readRequestKey } from '../../application/cast-vote/request-key.ts'
import type { ReaderCredentials } from '../../application/watch-poll/see-poll.ts'
import { type Refused, isRefused, refuse } from '../../domain/refusal.ts'

export const sessionCookie = 'tallycast_session'

/** All that is looked at here of a request. */
type WithHeaders = { readonly headers: IncomingHttpHeaders }

export type PublicAddress = {
  /** The base of every link; null where the address that the client used is all that is known. */
  readonly publicUrl: string | null
}

/** What a request shows of the organiser who sent it; null without a bearer. */
export function readBearer(request: WithHeaders): string | null | Refused {
  const header = request.headers.authorization
  if (header === undefined) return null
  const bearer = /^Bearer +([A-Za-z0-9._~+/-]+=*) *$/i.exec(header)?.[1]
  return bearer ?? refuse('token_invalid', 'The Authorization header must read: Bearer <token>.')
}

/** Whom the admin role shall judge. */
export function readCaller(request: FastifyRequest): Caller | Refused {
  const bearer = readBearer(request)
  return isRefused(bearer) ? bearer : { bearer, requestId: request.id, address: request.ip }
}

/** What a request shows of the voter who sent it. */
export function readVoter(app: Pick<FastifyInstance, 'parseCookie'>, request: WithHeaders): VoterCredentials | Refused {
  const requestKey = readRequestKey(single(request.headers['idempotency-key']))
  return isRefused(requestKey) ? requestKey : { ...readSession(app, request), requestKey }
}

function readSession(
  app: Pick<FastifyInstance, 'parseCookie'>,
  { headers }: WithHeaders,
): Omit<VoterCredentials, 'requestKey'> {
  const { cookie } = headers
  const hasSession = cookie !== undefined && cookie.includes(sessionCookie)
  return {
    voterToken: single(headers['voter-token']) ?? null,
    sessionCookie: hasSession ? (app.parseCookie(cookie)[sessionCookie] ?? null) : null,
  }
}

/** Everything that a reader shows. Reading repeats without harm, so nobody needs a key for it and a weak one is passed over. */
export function readReader(
  app: Pick<FastifyInstance, 'parseCookie'>,
  request: WithHeaders,
): ReaderCredentials | Refused {
  const bearer = readBearer(request)
  if (isRefused(bearer)) return bearer
  const requestKey = readRequestKey(single(request.headers['idempotency-key']))
  return { ...readSession(app, request), bearer, requestKey: isRefused(requestKey) ? null : requestKey }
}

/** Gives the session to the browser. */
export function setSessionCookie(reply: FastifyReply, session: Session, address: PublicAddress): void {
  reply.setCookie(sessionCookie, session.token, cookieOptions(session, address))
}

/** The same, as the value of `Set-Cookie`. */
export function sessionCookieHeader(
  app: Pick<FastifyInstance, 'serializeCookie'>,
  session: Session,
  address: PublicAddress,
): string {
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

/**
 * Refuses what another site made a browser send: with the cookie it would act as its owner, and without it the answer would put
 * another session in its place. Browsers say where a request comes from; programs do not, and they do not send cookies behind
 * their user's back either.
 */
export function refuseCrossSite(request: WithHeaders, { publicUrl }: PublicAddress): Refused | null {
  const site = single(request.headers['sec-fetch-site'])
  if (site !== undefined) return site === 'cross-site' ? crossSite : null
  const { origin } = request.headers
  if (origin === undefined) return null
  const known = publicUrl === null ? [] : [new URL(publicUrl).host]
  const host = URL.canParse(origin) ? new URL(origin).host : null
  return host !== null && [...known, request.headers.host].includes(host) ? null : crossSite
}

const crossSite = refuse('forbidden', 'Another site may not act with your session.')

function single(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header.join(', ') : header
}
