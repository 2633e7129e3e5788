import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { openPage, startBrowser } from '../support/browser.ts'
import { createHttpClient } from '../support/http-client.ts'
import { findViolations } from '../support/pages/accessibility.ts'
import { findOverflow, narrowest, showWhole } from '../support/pages/looks.ts'
import { setScene } from '../support/pages/scene.ts'
import { type PageState, pageStates } from '../support/pages/states.ts'
import { type RunningSystem, startSystem } from '../support/running-system.ts'

let system: RunningSystem
let browser: Browser

beforeAll(async () => {
  system = await startSystem('postgres')
  browser = await startBrowser()
}, 60_000)
afterAll(async () => {
  await browser.close()
  await system.stop()
})

const faultsOfPages: string[] = []

afterEach(async () => {
  for (const context of browser.contexts()) await context.close()
  const faults = [...faultsOfPages.splice(0), ...system.logged.splice(0)]
  if (faults.length > 0) throw new Error(`faults: ${faults.join('\n')}`)
})

/** As people see them: one in a hall, the others on a phone. */
const sizeOf = (page: PageState['page']) =>
  page === 'present' ? { width: 1920, height: 1080 } : { width: 390, height: 844 }

describe('axe finds nothing, light and dark, and nobody has to scroll sideways', () => {
  test.each(pageStates)('$page: $state', async ({ page: kind, reach }) => {
    const page = await openPage(browser, faultsOfPages, { reducedMotion: 'reduce', viewport: sizeOf(kind) })
    await reach(setScene(page, system.url, createHttpClient(system.url)))
    await showWhole(page)
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      expect([colorScheme, await findViolations(page)]).toEqual([colorScheme, []])
    }
    await page.setViewportSize(narrowest)
    expect(await findOverflow(page)).toEqual([])
  })
})
