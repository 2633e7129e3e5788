import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { inject } from 'vitest'

/** Everything that a browser does on its own account, of which a test wants nothing. */
const quiet = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** A real Chromium, the one that the run has found or fetched. */
export const startBrowser = async (): Promise<Browser> => {
  const { path, problem } = inject('browser')
  if (path === null) throw new Error(`no Chromium: install one, or name it in CHROMIUM_PATH\n${problem}`)
  return chromium.launch({ executablePath: path, headless: true, args: quiet })
}

/** An empty page of a phone of its own, unless the options say otherwise. What goes wrong in it, and what its policy forbids, is noted among the faults. */
export const openPage = async (
  browser: Browser,
  faults: string[],
  options: BrowserContextOptions = {},
): Promise<Page> => {
  const context = await browser.newContext({ viewport: { width: 390, height: 780 }, ...options })
  context.setDefaultTimeout(20_000)
  const page = await context.newPage()
  page.on('pageerror', (error) => faults.push(error.message))
  page.on('console', (message) => {
    if (/Content Security Policy|Refused to/.test(message.text())) faults.push(message.text())
  })
  return page
}
