import type { Browser } from 'playwright-core'
import { inject } from 'vitest'
import { launchBrowser } from './browser-program.ts'

/** A real Chromium, the one that the run has found or fetched. */
export const startBrowser = async (): Promise<Browser> => launchBrowser(inject('browser'))
