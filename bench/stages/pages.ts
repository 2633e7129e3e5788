import type { Browser, Page, ViewportSize } from 'playwright-core'
import { launchBrowser, provideBrowser } from '../../test/support/browser-program.ts'
import { measureClickToBar } from '../../test/support/click-to-bar.ts'
import { type Outcome, percentilesOf, plainFigure } from '../figure.ts'
import { type Installation, startInstallation } from '../site/installation.ts'
import { startLoad, votesOf } from '../site/load.ts'
import { traceTasks } from '../site/page-tasks.ts'

const phoneSize = { width: 390, height: 844 }
const screenSize = { width: 1920, height: 1080 }
const warmUps = 5
const votes = 60
const crowdPerSecond = 200
const crowdMs = 10_000
const connections = 8
/** So long a task may keep a page from painting and from hearing its reader. */
const longTaskMs = 50

/** Both pages in a real browser: from the click on a phone to the frame in which the big screen shows it, and what a crowd's votes cost a page. */
export async function pages(): Promise<Outcome> {
  const undo: (() => Promise<void>)[] = []
  try {
    const browser = await launchBrowser(await provideBrowser())
    undo.push(async () => browser.close())
    const installation = await startInstallation({ underTest: 'api' })
    undo.push(installation.stop)
    const waits = percentilesOf(await voteOneByOne(browser, installation))
    const tasks = await watchCrowd(browser, installation)
    const ofCrowd = `while ${crowdPerSecond} votes/s come`
    return {
      figures: [
        plainFigure('p50 from click to painted bar', 'ms', [waits['p50'] ?? 0], { atMost: 150 }),
        plainFigure('p95 from click to painted bar', 'ms', [waits['p95'] ?? 0], null),
        plainFigure(`longest task of the vote page ${ofCrowd}`, 'ms', [Math.max(...tasks)], { atMost: longTaskMs }),
        plainFigure(
          `tasks of more than ${longTaskMs} ms`,
          'tasks',
          [tasks.filter((ms) => ms > longTaskMs).length],
          null,
        ),
      ],
      checked: ['each vote was seen on the page, and is in the ledger, the tally and the cache'],
    }
  } finally {
    for (const step of undo.toReversed()) await step()
  }
}

async function voteOneByOne(browser: Browser, installation: Installation): Promise<readonly number[]> {
  const poll = await installation.createPoll()
  const address = `${installation.apiUrl}/p/${poll.id}`
  const screen = await openLive(browser, `${address}/present`, screenSize)
  const waits: number[] = []
  for (let number = 0; number < warmUps + votes; number += 1) {
    const phone = await openLive(browser, address, phoneSize)
    const wait = await measureClickToBar(phone, screen, number % 2 === 0 ? 'Tea' : 'Coffee')
    if (number >= warmUps) waits.push(wait)
    await phone.context().close()
  }
  await screen.context().close()
  await installation.provesVotes(poll, warmUps + votes)
  return waits
}

async function watchCrowd(browser: Browser, installation: Installation): Promise<readonly number[]> {
  const poll = await installation.createPoll()
  const phone = await openLive(browser, `${installation.apiUrl}/p/${poll.id}`, phoneSize)
  const load = startLoad()
  try {
    await load.prepare(votesOf(installation, poll.id, (crowdPerSecond * crowdMs) / 1000))
    return await traceTasks(browser, phone, async () => {
      const { answered } = await load.run({ connections, perSecond: crowdPerSecond, forMs: crowdMs })
      await phone.getByText(answered.toLocaleString('en')).first().waitFor()
      await installation.provesVotes(poll, answered)
    })
  } finally {
    await load.stop()
  }
}

async function openLive(browser: Browser, address: string, viewport: ViewportSize): Promise<Page> {
  const context = await browser.newContext({ viewport })
  const page = await context.newPage()
  await page.goto(address)
  await page.getByText('Live', { exact: true }).waitFor()
  return page
}
