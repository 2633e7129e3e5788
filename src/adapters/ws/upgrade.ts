import { randomUUID } from 'node:crypto'
import { type IncomingMessage, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Problem } from '../../../contract/messages.ts'
import type { ViewerCredentials } from '../../application/watch-poll/admit-viewer.ts'
import { readClientAddress } from '../browsers/client-address.ts'
import { isFromForeignPage, type PublicAddress } from '../browsers/foreign-page.ts'
import { sharedHeaderLines } from '../browsers/shared-headers.ts'

const pollPath = /^\/ws\/polls\/([^/]+)$/
const bearerForm = /^Bearer +([A-Za-z0-9._~+/-]+=*) *$/i
const urlCharactersMax = 4096

export type Wanted = { readonly pollId: string; readonly ticket: string | null }

/** Which poll an upgrade asks for; null for any other address. */
export function readAddress(url: string | undefined): Wanted | null {
  if (url === undefined || url.length > urlCharactersMax) return null
  const mark = url.indexOf('?')
  const found = pollPath.exec(mark === -1 ? url : url.slice(0, mark))?.[1]
  if (found === undefined) return null
  const ticket = mark === -1 ? null : new URLSearchParams(url.slice(mark + 1)).get('ticket')
  try {
    return { pollId: decodeURIComponent(found), ticket }
  } catch {
    return null
  }
}

export type CredentialsOptions = { readonly sessionCookieName: string; readonly address: PublicAddress }

/**
 * What the handshake shows. A foreign page can open a socket here, and the browser sends the cookie along: such a cookie does not
 * speak for its owner, so it is left out, and the page sees what the public sees.
 */
export function readCredentials(
  request: IncomingMessage,
  { sessionCookieName, address }: CredentialsOptions,
): Omit<ViewerCredentials, 'ticket'> {
  const { headers } = request
  const { authorization, cookie = '' } = headers
  const from = readClientAddress(request, address.trustedProxies ?? null)
  const voterToken = headers['voter-token']
  return {
    bearer: authorization === undefined ? null : (bearerForm.exec(authorization)?.[1] ?? ''),
    voterToken: typeof voterToken === 'string' ? voterToken : null,
    sessionCookie: isFromForeignPage(headers, address) ? null : findCookie(cookie, sessionCookieName),
    ...(from !== null && { address: from }),
  }
}

function findCookie(header: string, name: string): string | null {
  for (const part of header.split(';')) {
    const [found, ...value] = part.trim().split('=')
    if (found === name) return value.join('=')
  }
  return null
}

const refusals = {
  bad_request: { status: 400, title: 'The request cannot be read', detail: 'This is no handshake of a WebSocket.' },
  route_not_found: { status: 404, title: 'No such address', detail: 'There is nothing to upgrade to here.' },
  overloaded: { status: 503, title: 'Too busy', detail: 'Too many connections. Please come back.' },
} as const

/** Answers an upgrade that cannot become a socket, over plain HTTP, and hangs up: the other side might never do. */
export function refuseUpgrade(socket: Duplex, code: keyof typeof refusals, headers: readonly string[] = []): void {
  const { status, ...said } = refusals[code]
  const requestId = randomUUID()
  const problem: Problem = { type: `/problems/${code}`, status, code, ...said, request_id: requestId }
  const body = JSON.stringify(problem)
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Connection: close',
    'Cache-Control: no-store',
    `X-Request-Id: ${requestId}`,
    ...sharedHeaderLines,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...headers,
  ]
  socket.once('finish', () => socket.destroy())
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
}
