import { describe, expect, test } from 'vitest'
import { findViolations } from '../support/pages/accessibility.ts'
import { findOverflow, narrowest, showWhole } from '../support/pages/looks.ts'
import { setScene } from '../support/pages/scene.ts'
import { type PageState, pageStates } from '../support/pages/states.ts'
import { usePages } from '../support/pages/use-pages.ts'

const { call, open, provoke, url } = usePages()

/** As people see them: one in a hall, the others on a phone. */
const sizeOf = (page: PageState['page']) =>
  page === 'present' ? { width: 1920, height: 1080 } : { width: 390, height: 844 }

/** What leads to some of the states: nothing live that gets through, a poll and a code that are not there. */
const expectedFaults = /\/events$|\/nosuchpoll12$|\/j\?code=/

describe('axe finds nothing, light and dark, and nobody has to scroll sideways', () => {
  test.each(pageStates)('$page: $state', async ({ page: kind, reach }) => {
    provoke(expectedFaults)
    const page = await open({ reducedMotion: 'reduce', viewport: sizeOf(kind) })
    await reach(setScene(page, url(), call))
    await showWhole(page)
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      expect([colorScheme, await findViolations(page)]).toEqual([colorScheme, []])
    }
    await page.setViewportSize(narrowest)
    expect(await findOverflow(page)).toEqual([])
  })
})
