import type { Browser, BrowserContext, BrowserContextOptions, Page, WebSocket } from 'playwright-core'

/** Browsers that are listened to: nothing may go wrong in them but what a test has provoked. */
export type PageWatch = {
  /** An empty page of a browser of its own: a phone, unless the options say otherwise. All other pages of it are listened to as well. */
  readonly open: (options?: BrowserContextOptions) => Promise<Page>
  /** In this test requests to such addresses may fail, and what a policy forbids may be of them. */
  readonly provoke: (addresses: RegExp) => void
  /** What the service has told the pages of this test: answers and messages. */
  readonly told: () => readonly string[]
  /** Closes every page. Returns what any of them has complained of. */
  readonly leave: () => Promise<readonly string[]>
}

const phone = { width: 390, height: 780 }
const waitMs = 20_000

/** Of one test: what a page of it says once it was left belongs to no other. */
type Heard = { readonly faults: string[]; readonly told: string[]; readonly provoked: RegExp[] }
const nothing = (): Heard => ({ faults: [], told: [], provoked: [] })

export function watchPages(browser: Browser): PageWatch {
  let heard = nothing()
  return {
    told: () => heard.told,
    async open(options) {
      const context = await browser.newContext({ viewport: phone, ...options })
      context.setDefaultTimeout(waitMs)
      // Scripts that shall not run are not loaded.
      const unwanted = options?.javaScriptEnabled === false ? [/\.js$/] : []
      noteFaults(context, heard, unwanted)
      noteAnswers(context, heard.told)
      return context.newPage()
    },
    provoke: (addresses) => void heard.provoked.push(addresses),
    async leave() {
      // What is cut off by closing is no fault.
      const faults = [...heard.faults]
      for (const context of browser.contexts()) await context.close()
      heard = nothing()
      return faults
    },
  }
}

/** What Chromium says of a request, or of a socket that is not open yet, which its page does not want any more. */
const takenBack = /^net::ERR_ABORTED$|^WebSocket is closed before the connection is established/

/** Notes what goes wrong in a page, what its policy forbids, and what it asks for and does not get. What it takes back itself, or leaves behind, has not failed. */
function noteFaults(context: BrowserContext, { faults, provoked }: Heard, unwanted: readonly RegExp[]): void {
  const note = (about: string, reason: string): void => {
    if (![...provoked, ...unwanted].some((addresses) => addresses.test(about))) faults.push(`${about}: ${reason}`)
  }
  context.on('weberror', (fault) => faults.push(fault.error().message))
  context.on('console', (message) => {
    if (/Content Security Policy|Refused to/.test(message.text())) note(message.text(), 'forbidden')
  })
  context.on('requestfailed', (request) => {
    const reason = request.failure()?.errorText ?? ''
    if (!takenBack.test(reason)) note(request.url(), reason)
  })
  context.on('response', (response) => {
    if (response.status() >= 400) note(response.url(), String(response.status()))
  })
  onSocket(context, (socket) =>
    socket.on('socketerror', (reason) => {
      if (!takenBack.test(reason)) note(socket.url(), reason)
    }),
  )
}

function noteAnswers(context: BrowserContext, told: string[]): void {
  onSocket(context, (socket) => socket.on('framereceived', ({ payload }) => told.push(String(payload))))
  context.on('response', async (response) => {
    if (!/json|html/.test(response.headers()['content-type'] ?? '')) return
    // One whose page was left meanwhile has no text any more.
    told.push(await response.text().catch(() => ''))
  })
}

function onSocket(context: BrowserContext, listen: (socket: WebSocket) => void): void {
  context.on('page', (page) => page.on('websocket', listen))
}
