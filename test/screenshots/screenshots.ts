// npm run screenshots [-- words]: takes a picture of every page in every state, on a phone, a laptop and a screen of 1080p, light and dark, into
// .cache/screenshots/, and fails where a page is wider than the narrowest phone, a text is not told from its ground, or a hall could not read the
// labels of the big screen. With words: only of the states whose names have them all.
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { launchBrowser, provideBrowser } from '../support/browser-program.ts'
import { createDataFolder, startEmbedded } from '../support/embedded-system.ts'
import { createHttpClient, type HttpClient } from '../support/http-client.ts'
import { findFaintTexts } from '../support/pages/faint-texts.ts'
import { findOverflow, findSmallLabels, narrowest } from '../support/pages/looks.ts'
import { setScene } from '../support/pages/scene.ts'
import { type PageState, pageStates } from '../support/pages/states.ts'

const folder = join(import.meta.dirname, '../../.cache/screenshots')
const sizes = {
  phone: { width: 390, height: 844 },
  laptop: { width: 1280, height: 800 },
  '1080p': { width: 1920, height: 1080 },
} as const
const themes = ['light', 'dark'] as const
/** So much of a page is looked at for its contrasts: all that a page has that is not one of a hundred options. */
const tall = { width: 1280, height: 2_400 }

async function main(): Promise<void> {
  const words = process.argv.slice(2)
  const chosen = pageStates.filter((one) => words.every((word) => nameOf(one).includes(word)))
  if (chosen.length === 0) throw new Error('no state is named so')
  const dataFolder = createDataFolder()
  const system = await startEmbedded({ dataDir: dataFolder.path })
  try {
    await system.welcomes()
    const browser = await launchBrowser(await provideBrowser())
    const call = createHttpClient(system.url)
    await rm(folder, { recursive: true, force: true })
    await mkdir(folder, { recursive: true })
    let faults = 0
    for (const one of chosen) {
      const found = await take(browser, system.url, call, one)
      for (const fault of found) console.log(`${nameOf(one)}: ${fault}`)
      faults += found.length
    }
    await browser.close()
    console.log(`${chosen.length} states are in ${folder}; ${faults} faults`)
    if (faults > 0) process.exitCode = 1
  } finally {
    await system.stop()
    dataFolder.remove()
  }
}

function nameOf({ page, state }: PageState): string {
  return `${page}-${state}`
}

/** Leads a page to the state, takes it in every size and theme, and returns what is wrong with its looks. */
async function take(browser: Browser, url: string, call: HttpClient, one: PageState): Promise<readonly string[]> {
  const context = await browser.newContext({ viewport: sizes.laptop, reducedMotion: 'reduce' })
  const page = await context.newPage()
  const canvas = await context.newPage()
  await one.reach(setScene(page, url, call))
  const faults: string[] = []
  for (const colorScheme of themes) {
    await page.emulateMedia({ colorScheme })
    for (const [size, viewport] of Object.entries(sizes)) {
      await page.setViewportSize(viewport)
      await page.screenshot({ path: join(folder, `${nameOf(one)}-${size}-${colorScheme}.png`), animations: 'disabled' })
      if (size === '1080p') faults.push(...(await findSmallLabels(page)))
    }
    faults.push(...(await findFaults(page, canvas)))
  }
  await context.close()
  return faults
}

async function findFaults(page: Page, canvas: Page): Promise<readonly string[]> {
  await page.setViewportSize(narrowest)
  const overflow = await findOverflow(page)
  await page.setViewportSize(tall)
  // What arranges itself by the size of the window is told of it a moment later.
  await page.evaluate('new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))')
  return [...overflow, ...(await findFaintTexts(page, canvas))]
}

await main()
