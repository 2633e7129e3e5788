import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Registry } from 'prom-client'
import type { Log } from './log.ts'
import { SetupProblem } from './setup-problem.ts'

const requestWithinMs = 5_000
/** Of connections that have no whole request yet; by default Node looks every 30 s. */
const timeoutCheckMs = 1_000
const connectionsMax = 100
const retryAfterSeconds = '2'

type OpsServerOptions = {
  readonly host: string
  readonly port: number
  readonly registry: Registry
  /** False only while starting or draining, or while none of several processes serves: a lost dependency is a 503 on what needs it, not a reason to take us out. */
  readonly isReady: () => Promise<boolean>
  readonly log: Log
}

export type OpsServer = {
  /** The port that it really has, where 0 was asked for. */
  readonly port: number
  readonly close: () => Promise<void>
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

/** Health and metrics of one process, for those who operate it: /health/live, /health/ready, /metrics. */
export const startOpsServer = async (options: OpsServerOptions): Promise<OpsServer> => {
  const { host, port, log } = options
  const server = createServer({ connectionsCheckingInterval: timeoutCheckMs }, (request, response) => {
    answer(request, response, options).catch((error: unknown) => {
      log.error({ err: error }, 'an operator’s request failed')
      response.destroy()
    })
  })
  server.headersTimeout = requestWithinMs
  server.requestTimeout = requestWithinMs
  server.maxConnections = connectionsMax
  await listen(server, host, port)
  const close = async (): Promise<void> => {
    if (!server.listening) return
    server.close()
    server.closeAllConnections()
    await once(server, 'close')
  }
  return { port: portOf(server), close, [Symbol.asyncDispose]: close }
}

/** Rejects where the port is another's, whose answers would pass for those of a process of ours. */
export const checkOpsPortIsFree = async (host: string, port: number): Promise<void> => {
  const server = createServer()
  await listen(server, host, port)
  server.close()
  await once(server, 'close')
}

const listen = async (server: Server, host: string, port: number): Promise<void> => {
  try {
    server.listen({ host, port })
    await once(server, 'listening')
  } catch (cause) {
    throw explainListenFailure(cause, host, port)
  }
}

const answer = async (
  request: IncomingMessage,
  response: ServerResponse,
  { registry, isReady }: OpsServerOptions,
): Promise<void> => {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.writeHead(405, { allow: 'GET, HEAD' }).end()
    return
  }
  switch (request.url?.split('?', 1)[0] ?? '') {
    case '/health/live':
      return sendStatus(response, 200, 'live')
    case '/health/ready':
      return (await isReady()) ? sendStatus(response, 200, 'ready') : sendStatus(response, 503, 'not_ready')
    case '/metrics':
      response.writeHead(200, { 'content-type': registry.contentType }).end(await registry.metrics())
      return
    default:
      return sendStatus(response, 404, 'route_not_found')
  }
}

const sendStatus = (response: ServerResponse, code: number, status: string): void => {
  const retry = code === 503 ? { 'retry-after': retryAfterSeconds } : {}
  response
    .writeHead(code, { 'content-type': 'application/json', 'cache-control': 'no-store', ...retry })
    .end(JSON.stringify({ status }))
}

const explainListenFailure = (cause: unknown, host: string, port: number): unknown => {
  const code = cause instanceof Error && 'code' in cause ? cause.code : ''
  if (code === 'EADDRINUSE') {
    return new SetupProblem(
      `port ${port} of ${host}, for health and metrics, is taken by another program`,
      'stop that program, or set OPS_PORT to a free port (npm run full takes it and the two after it)',
      { cause },
    )
  }
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND' || code === 'EACCES') {
    return new SetupProblem(
      `cannot listen on port ${port} of ${host} (${code})`,
      'set OPS_HOST to an address of this machine, and OPS_PORT to a port of 1024 or higher',
      { cause },
    )
  }
  return cause
}

const portOf = (server: Server): number => {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('not listening on a port')
  return address.port
}
