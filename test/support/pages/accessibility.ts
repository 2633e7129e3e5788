import axe from 'axe-core'
import type { Page } from 'playwright-core'

/** All of WCAG 2.2 at A and AA that a program can tell, and what axe holds for good practice besides. */
const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

/** What axe finds wrong with the page as it is now: rule and element, a line each. */
export async function findViolations(page: Page): Promise<readonly string[]> {
  // The page's own policy takes no script from here; what a debugger evaluates it does not forbid.
  await page.evaluate(axe.source)
  const options = { runOnly: tags, resultTypes: ['violations'] }
  const { violations } = await page.evaluate<axe.AxeResults>(`axe.run(document, ${JSON.stringify(options)})`)
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
  )
}
