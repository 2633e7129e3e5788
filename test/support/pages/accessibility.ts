import axe from 'axe-core'
import type { Page } from 'playwright-core'

/** All of WCAG 2.2 at A and AA that a program can tell, and what axe holds for good practice besides. */
const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

/** Those of these rules that look at colours. */
const colourRules = axe.getRules(tags).flatMap((rule) => (rule.tags.includes('cat.color') ? [rule.ruleId] : []))

/** What axe finds wrong with the page as it is now: rule and element, a line each. */
export async function findViolations(page: Page): Promise<readonly string[]> {
  return run(page, tags)
}

/** Of that what comes of colours alone, where nothing else can have changed. */
export async function findColourViolations(page: Page): Promise<readonly string[]> {
  return run(page, { type: 'rule', values: colourRules })
}

async function run(page: Page, runOnly: NonNullable<axe.RunOptions['runOnly']>): Promise<readonly string[]> {
  // The page's own policy takes no script from here; what a debugger evaluates it does not forbid.
  if (await page.evaluate<boolean>(`typeof axe === 'undefined'`)) await page.evaluate(axe.source)
  const options: axe.RunOptions = { runOnly, resultTypes: ['violations'] }
  const { violations } = await page.evaluate<axe.AxeResults>(`axe.run(document, ${JSON.stringify(options)})`)
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
  )
}
