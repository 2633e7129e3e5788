import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { inject } from 'vitest'
import { launchBrowser } from './browser-program.ts'

/** A real Chromium, the one that the run has found or fetched. */
export const startBrowser = async (): Promise<Browser> => launchBrowser(inject('browser'))

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
