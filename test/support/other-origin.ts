import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Page } from 'playwright-core'

/** A server of somebody else, on another port of this machine. */
export type OtherOrigin = {
  /** A page of it, under this name of the machine: ports are no part of a site, names and addresses are. */
  readonly pageOn: (host: string) => string
  /** What that page is from now on, and what its answer bears. */
  readonly show: (html: string, headers?: Readonly<Record<string, string>>) => void
  readonly stop: () => void
}

export const startOtherOrigin = async (): Promise<OtherOrigin> => {
  let shown = { html: '<title>Elsewhere</title>', headers: {} }
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', ...shown.headers })
    response.end(`<!doctype html>${shown.html}`)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return {
    // A server that listens on an address has one of this form.
    pageOn: (host) => `http://${host}:${(server.address() as AddressInfo).port}/`,
    show(html, headers = {}) {
      shown = { html, headers }
    },
    stop() {
      server.close()
      server.closeAllConnections()
    },
  }
}

export type PageSays = {
  readonly method?: string
  readonly body?: string
  readonly headers?: Record<string, string>
  readonly mode?: 'no-cors'
  readonly credentials?: 'include'
}
export type PageTold = { readonly status: number; readonly body: { readonly [field: string]: unknown } } | 'unreadable'

/** Sends what a script of this page sends, and says what it may read of the answer. */
export const askFrom = async (page: Page, url: string, says: PageSays = {}): Promise<PageTold> =>
  page.evaluate(
    async ([address, options]) => {
      try {
        const answer = await fetch(address, options)
        // The contract says that it is an object.
        return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
      } catch {
        return 'unreadable'
      }
    },
    [url, says] as const,
  )

/** What a socket that this page opens is told first. */
export const watchFrom = async (page: Page, url: string): Promise<{ readonly total_votes: number | null }> =>
  page.evaluate(
    async (address) =>
      new Promise((resolve, reject) => {
        const socket = new WebSocket(address)
        socket.addEventListener('message', ({ data }) => {
          resolve(JSON.parse(data))
          socket.close()
        })
        socket.addEventListener('close', ({ code }) => reject(new Error(`closed with ${code}`)))
      }),
    url,
  )
