import type { BrowserContextOptions, Page } from 'playwright-core'
import { type MadePoll, type Pages, usePages } from './use-pages.ts'

type Visit = BrowserContextOptions & {
  /** What stands behind the address. */
  readonly after?: string
  readonly cookie?: string
}

/** A running system, and browsers that show polls of it on the big screen. */
export type BigScreen = Omit<Pages, 'visit'> & {
  readonly present: (poll: Pick<MadePoll, 'id'>, options?: Visit) => Promise<Page>
  /** As it is with polls from before there were any. */
  readonly forgetJoinCode: (poll: MadePoll) => Promise<void>
}

export function useBigScreen(): BigScreen {
  const pages = usePages()
  const { open, url, call, system } = pages
  return {
    ...pages,
    async present({ id }, { after = '', cookie, ...options } = {}) {
      const page = await open({ viewport: { width: 1920, height: 1080 }, ...options })
      const [name = '', value = ''] = cookie?.split('=') ?? []
      if (cookie !== undefined) await page.context().addCookies([{ name, value, url: url() }])
      await page.goto(url(`/p/${id}/present${after}`))
      return page
    },
    async forgetJoinCode({ id, path, token }) {
      await system().database.pool.query('update poll set join_code = null where id = $1', [id])
      // Whoever has it in memory reads it anew.
      await call('PATCH', path, { json: { description: 'Old' }, bearer: token })
    },
  }
}
