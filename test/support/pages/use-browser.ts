import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll } from 'vitest'
import { startBrowser } from '../browser.ts'
import { type PageWatch, watchPages } from './page-watch.ts'

const startWithinMs = 60_000

/**
 * A browser for all tests of a file, or of a `describe`. After each of them its pages are closed, and neither they nor what is behind them may have
 * complained of anything.
 */
export function useBrowser(complaintsBehind: () => readonly string[] = () => []): PageWatch {
  let browser: Browser | undefined
  let watch: PageWatch | undefined
  const watching = (): PageWatch => {
    if (watch === undefined) throw new Error('the browser is only there while tests run')
    return watch
  }
  beforeAll(async () => {
    browser = await startBrowser()
    watch = watchPages(browser)
  }, startWithinMs)
  afterEach(async () => {
    const faults = [...(await watching().leave()), ...complaintsBehind()]
    if (faults.length > 0) throw new Error(`faults: ${faults.join('\n')}`)
  })
  afterAll(async () => browser?.close())
  return {
    open: async (options) => watching().open(options),
    provoke: (addresses) => watching().provoke(addresses),
    told: () => watching().told(),
    leave: async () => watching().leave(),
  }
}
