import { describe, expect, test } from 'vitest'
import { findColourViolations, findViolations } from '../support/pages/accessibility.ts'
import { findOverflow, narrowest, showWhole } from '../support/pages/looks.ts'
import { setScene } from '../support/pages/scene.ts'
import { type PageState, pageStates } from '../support/pages/states.ts'
import { usePages } from '../support/pages/use-pages.ts'

const { call, open, provoke, url } = usePages()

/** Enough for a bar that leads, one that does not, and one that is empty. */
const voters = [1, 0, 2]

/** As people see them: one in a hall, the others on a phone. */
const sizeOf = (page: PageState['page']) =>
  page === 'present' ? { width: 1920, height: 1080 } : { width: 390, height: 844 }

/**
 * What leads to some of the states: nothing that gets through, a poll and a code that are not there, what no form of ours sends. The page of somebody else
 * comes from no server, and the browser lets it open no socket to this machine.
 */
const expectedFaults = /\/events$|\/nowhere$|\/session$|\/(?:polls|p)\/\w+$|\/j\?code=|^ws:/

/** The second differs from the first in its colours, and in nothing else. */
const themes = [
  ['light', findViolations],
  ['dark', findColourViolations],
] as const

describe('axe finds nothing, light and dark, and nobody has to scroll sideways', () => {
  test.each(pageStates)('$page: $state', async ({ page: kind, reach }) => {
    provoke(expectedFaults)
    const page = await open({ reducedMotion: 'reduce', viewport: sizeOf(kind) })
    await reach(setScene(page, url(), call, voters))
    await showWhole(page)
    for (const [colorScheme, find] of themes) {
      await page.emulateMedia({ colorScheme })
      expect([colorScheme, await find(page)]).toEqual([colorScheme, []])
    }
    await page.setViewportSize(narrowest)
    expect(await findOverflow(page)).toEqual([])
  })
})
