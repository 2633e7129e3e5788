import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { openPage } from './browser.ts'

/** Browsers that are listened to: nothing may go wrong in them but what a test has provoked. */
export type PageWatch = {
  /** An empty page of a browser of its own: a phone, unless the options say otherwise. */
  readonly open: (options?: BrowserContextOptions) => Promise<Page>
  /** From now on requests to such addresses may fail. */
  readonly provoke: (addresses: RegExp) => void
  /** What the service has told the pages since they were last left: answers and messages. */
  readonly told: readonly string[]
  /** Closes every page; throws what any of them has complained of. */
  readonly leave: () => Promise<void>
}

export function watchPages(browser: Browser): PageWatch {
  const faults: string[] = []
  const told: string[] = []
  const provoked: RegExp[] = []
  const noteFailure = (url: string, reason: string): void => {
    if (!provoked.some((addresses) => addresses.test(url))) faults.push(`${url}: ${reason}`)
  }
  return {
    told,
    async open(options) {
      const page = await openPage(browser, faults, options)
      noteAnswers(page, told)
      noteFailures(page, noteFailure)
      return page
    },
    provoke: (addresses) => void provoked.push(addresses),
    async leave() {
      const found = faults.splice(0)
      for (const context of browser.contexts()) await context.close()
      // What is cut off by closing is no fault.
      for (const list of [faults, told, provoked]) list.length = 0
      if (found.length > 0) throw new Error(`faults: ${found.join('\n')}`)
    },
  }
}

/** Keeps what the service tells a page. */
export function noteAnswers(page: Page, told: string[]): void {
  page.on('websocket', (socket) => socket.on('framereceived', ({ payload }) => told.push(String(payload))))
  page.on('response', async (response) => {
    if (!/json|html/.test(response.headers()['content-type'] ?? '')) return
    // One whose page was left meanwhile has no text any more.
    told.push(await response.text().catch(() => ''))
  })
}

/** What a page asks for and does not get. What it takes back itself, or leaves behind, has not failed. */
function noteFailures(page: Page, note: (url: string, reason: string) => void): void {
  page.on('requestfailed', (request) => {
    const reason = request.failure()?.errorText ?? ''
    if (reason !== 'net::ERR_ABORTED') note(request.url(), reason)
  })
  page.on('response', (response) => {
    if (response.status() >= 400) note(response.url(), String(response.status()))
  })
  page.on('websocket', (socket) => socket.on('socketerror', (reason) => note(socket.url(), reason)))
}
