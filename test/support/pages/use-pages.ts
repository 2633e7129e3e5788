import type { BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll } from 'vitest'
import { type AcceptedVote, createClient } from '../../../client/src/index.ts'
import { createHttpClient, type HttpClient } from '../http-client.ts'
import { type RunningSystem, startSystem } from '../running-system.ts'
import type { PageWatch } from './page-watch.ts'
import { useBrowser } from './use-browser.ts'

export type MadePoll = { readonly id: string; readonly path: string; readonly token: string }

/** A running system, and browsers that show pages of it. */
export type Pages = Pick<PageWatch, 'open' | 'provoke' | 'told'> & {
  readonly system: () => RunningSystem
  /** What lies at this path of the service. */
  readonly url: (path?: string) => string
  readonly call: HttpClient
  readonly makePoll: (more?: object) => Promise<MadePoll>
  /** As somebody who is not here. */
  readonly vote: (poll: Pick<MadePoll, 'id'>, optionId: number) => Promise<AcceptedVote>
  readonly visit: (path: string, options?: BrowserContextOptions) => Promise<Page>
}

const startWithinMs = 60_000

/** One system and one browser for all tests of a file, each of which ends with an error if a page or the system has complained of anything. */
export function usePages(environment: Readonly<Record<string, string>> = {}): Pages {
  let running: RunningSystem | undefined
  const system = (): RunningSystem => {
    if (running === undefined) throw new Error('the system is only there while tests run')
    return running
  }
  const url = (path = ''): string => `${system().url}${path}`
  const call: HttpClient = async (...asked) => createHttpClient(url())(...asked)
  beforeAll(async () => {
    running = await startSystem('postgres', environment)
  }, startWithinMs)
  // Ends after the browser does.
  afterAll(async () => running?.stop())
  const { open, provoke, told } = useBrowser(() => system().logged.splice(0))
  return {
    open,
    provoke,
    told,
    system,
    url,
    call,
    async makePoll(more = {}) {
      const options = ['Tea', 'Coffee']
      const { body } = await call('POST', '/polls', { json: { question: 'Tea or coffee?', options, ...more } })
      return { id: body.id, path: `/polls/${body.id}`, token: body.manage_token }
    },
    // Also where the service is too busy for it at first, as it says then.
    vote: async ({ id }, optionId) => createClient({ url: url() }).vote(id, optionId),
    async visit(path, options) {
      const page = await open(options)
      await page.goto(url(path))
      return page
    },
  }
}
