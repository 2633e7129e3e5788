import { Agent as PlainAgent, type IncomingHttpHeaders, request as requestPlain } from 'node:http'
import { Agent as TlsAgent, request as requestTls } from 'node:https'

/** Longer than any answer takes; what is silent for so long is taken for gone. */
const silenceMaxMs = 10_000
const answerBytesMax = 4 * 1024 * 1024

export type Answer = { readonly status: number; readonly headers: IncomingHttpHeaders; readonly body: unknown }

export type KeepAliveClient = {
  /** One request. Rejects when no whole answer comes; that says nothing about what the service did with it. */
  send(method: string, path: string, asked?: Asked): Promise<Answer>
  /** Ends its connections. */
  close(): void
}

type Asked = { readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> }

/** A client with connections of its own, kept open between requests, as one browser has them. */
export function createKeepAliveClient(address: string, connectionsMax = 2): KeepAliveClient {
  const isTls = address.startsWith('https:')
  const agentOptions = { keepAlive: true, maxSockets: connectionsMax }
  const agent = isTls ? new TlsAgent(agentOptions) : new PlainAgent(agentOptions)
  const request = isTls ? requestTls : requestPlain

  return {
    async send(method, path, { body, headers = {} } = {}) {
      const { promise, resolve, reject } = Promise.withResolvers<Answer>()
      const payload = body === undefined ? '' : JSON.stringify(body)
      const outgoing = request(new URL(path, address), {
        method,
        agent,
        timeout: silenceMaxMs,
        headers: {
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...(method !== 'GET' && { 'content-length': Buffer.byteLength(payload) }),
          ...headers,
        },
      })
      outgoing.on('error', reject)
      outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer within ${silenceMaxMs} ms`)))
      outgoing.on('response', (incoming) => {
        const chunks: Buffer[] = []
        let bytes = 0
        incoming.on('data', (chunk: Buffer) => {
          chunks.push(chunk)
          bytes += chunk.length
          if (bytes > answerBytesMax) incoming.destroy(new Error(`more than ${answerBytesMax} bytes of answer`))
        })
        incoming.on('error', reject)
        incoming.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8')
          resolve({
            status: incoming.statusCode ?? 0,
            headers: incoming.headers,
            body: parseBody(incoming.headers, text),
          })
        })
      })
      outgoing.end(payload)
      return promise
    },
    close: () => agent.destroy(),
  }
}

function parseBody(headers: IncomingHttpHeaders, text: string): unknown {
  if (text === '' || headers['content-type']?.includes('json') !== true) return text
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** A text out of an answer; null where it is not there. */
export function textIn(body: unknown, name: string): string | null {
  if (typeof body !== 'object' || body === null || !(name in body)) return null
  // It was just seen that the name is there.
  const value = (body as Record<string, unknown>)[name]
  return typeof value === 'string' ? value : null
}
