import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { openPage, startBrowser } from './browser.ts'
import { createHttpClient, type HttpClient } from './http-client.ts'
import { noteAnswers } from './page-watch.ts'
import { startSystem } from './running-system.ts'

export type MadePoll = { readonly id: string; readonly path: string; readonly token: string }

type Visit = BrowserContextOptions & {
  /** What stands behind the address. */
  readonly after?: string
  readonly cookie?: string
}

/** A running system, and browsers that show polls of it on the big screen. */
export type BigScreen = {
  readonly url: string
  readonly call: HttpClient
  readonly makePoll: (more?: object) => Promise<MadePoll>
  /** As it is with polls from before there were any. */
  readonly forgetJoinCode: (poll: MadePoll) => Promise<void>
  readonly visit: (poll: Pick<MadePoll, 'id'>, options?: Visit) => Promise<Page>
  /** What the service has told the pages since they were last left: answers and messages. */
  readonly told: readonly string[]
  /** Closes every page; throws what any of them, or the system, has complained of. */
  readonly leave: () => Promise<void>
  readonly stop: () => Promise<void>
}

export async function startBigScreen(): Promise<BigScreen> {
  const system = await startSystem('postgres')
  const browser = await startBrowser()
  const call = createHttpClient(system.url)
  const faults: string[] = []
  const told: string[] = []
  return {
    url: system.url,
    call,
    told,
    async makePoll(more = {}) {
      const options = ['Tea', 'Coffee']
      const { body } = await call('POST', '/polls', { json: { question: 'Tea or coffee?', options, ...more } })
      return { id: body.id, path: `/polls/${body.id}`, token: body.manage_token }
    },
    async forgetJoinCode({ id, path, token }) {
      await system.database.pool.query('update poll set join_code = null where id = $1', [id])
      // Whoever has it in memory reads it anew.
      await call('PATCH', path, { json: { description: 'Old' }, bearer: token })
    },
    async visit({ id }, { after = '', cookie, ...options } = {}) {
      const page = await openScreen(browser, options, faults, told)
      const [name = '', value = ''] = cookie?.split('=') ?? []
      if (cookie !== undefined) await page.context().addCookies([{ name, value, url: system.url }])
      await page.goto(`${system.url}/p/${id}/present${after}`)
      return page
    },
    async leave() {
      for (const context of browser.contexts()) await context.close()
      told.length = 0
      const all = [...faults.splice(0), ...system.logged.splice(0)]
      if (all.length > 0) throw new Error(`faults: ${all.join('\n')}`)
    },
    async stop() {
      await browser.close()
      await system.stop()
    },
  }
}

async function openScreen(
  browser: Browser,
  options: BrowserContextOptions,
  faults: string[],
  told: string[],
): Promise<Page> {
  const page = await openPage(browser, faults, { viewport: { width: 1920, height: 1080 }, ...options })
  noteAnswers(page, told)
  return page
}
