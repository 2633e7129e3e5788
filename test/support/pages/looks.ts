import type { Page } from 'playwright-core'

/** The narrowest phone that a page has to fit. */
export const narrowest = { width: 320, height: 640 }
/** What the last row of a hall can read, at 1080p. */
const labelPixelsMin = 48
/** Among more options they are smaller: there is no room. */
const largeLabelsMax = 6

/** Makes the window as high as the page: nothing has to be scrolled, and nothing lies behind what stays in its place meanwhile. */
export async function showWhole(page: Page): Promise<void> {
  const height = await page.evaluate<number>('document.documentElement.scrollHeight')
  await page.setViewportSize({ width: page.viewportSize()?.width ?? narrowest.width, height })
}

/** What reaches over the side of the window, so that one would have to scroll sideways. */
export async function findOverflow(page: Page): Promise<readonly string[]> {
  return page.evaluate<readonly string[]>(`(() => {
    if (document.documentElement.scrollWidth <= innerWidth) return []
    const wide = [...document.body.querySelectorAll('*')].filter((one) => one.getBoundingClientRect().right > innerWidth + 1)
    return ['wider than the window', ...wide.slice(0, 5).map((one) => one.outerHTML.slice(0, 120))]
  })()`)
}

/** Labels of a few options on the big screen that are too small for a hall. */
export async function findSmallLabels(page: Page): Promise<readonly string[]> {
  const labels = await page.evaluate<readonly { readonly text: string; readonly pixels: number }[]>(
    `[...document.querySelectorAll('#present .label')].map((one) => ({ text: one.textContent, pixels: parseFloat(getComputedStyle(one).fontSize) }))`,
  )
  if (labels.length > largeLabelsMax) return []
  return labels.filter(({ pixels }) => pixels < labelPixelsMin).map(({ text, pixels }) => `${pixels} px: ${text}`)
}
