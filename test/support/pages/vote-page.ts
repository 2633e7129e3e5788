import type { BrowserContextOptions, Page } from 'playwright-core'
import type { AcceptedVote } from '../../../client/src/index.ts'
import { type Pages, usePages } from './use-pages.ts'

/** A running system, and browsers that show the page to vote on, of polls that are known by their ids. */
export type VotePage = Pick<Pages, 'call' | 'open' | 'provoke' | 'url'> & {
  /** Of tea, coffee and neither, unless it is said otherwise. */
  readonly makePoll: (more?: object) => Promise<string>
  readonly addressOf: (pollId: string) => string
  readonly visit: (pollId: string, options?: BrowserContextOptions) => Promise<Page>
  readonly vote: (pollId: string, optionId: number) => Promise<AcceptedVote>
}

export function useVotePage(): VotePage {
  const { call, open, provoke, url, makePoll, visit, vote } = usePages()
  return {
    call,
    open,
    provoke,
    url,
    async makePoll(more = {}) {
      const { id } = await makePoll({ options: ['Tea', 'Coffee', 'Neither'], ...more })
      return id
    },
    addressOf: (pollId) => url(`/p/${pollId}`),
    visit: async (pollId, options) => visit(`/p/${pollId}`, options),
    vote: async (pollId, optionId) => vote({ id: pollId }, optionId),
  }
}

export const radio = (page: Page, name: string) => page.getByRole('radio', { name })
export const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click()
