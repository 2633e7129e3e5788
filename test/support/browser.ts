import { type Browser, chromium } from 'playwright-core'
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
