import type { Page } from 'playwright-core'
import { createClient } from '../../../client/src/index.ts'
import type { HttpClient } from '../http-client.ts'
import { waitUntil } from '../wait-until.ts'
import type { MadePoll } from './use-pages.ts'

/** What leads a page to the state in which somebody looks at it. */
export type Scene = {
  readonly page: Page
  readonly call: HttpClient
  /** Goes to an address of the service, and waits for a text that says that all of it is there. */
  readonly visit: (path: string, shown: string) => Promise<void>
  /** Makes a poll and, where it takes votes, lets some people vote. */
  readonly makePoll: (definition?: object) => Promise<MadePoll>
}

export const question = 'What shall we have ready for the summer party?'
const options = [
  'A band that plays until midnight',
  'Games for the children',
  'A long table under the trees',
  'Ice cream',
]
/** How many vote for each of the first options. */
const crowd = [12, 5, 19, 3]

export function setScene(page: Page, url: string, call: HttpClient, voters: readonly number[] = crowd): Scene {
  return {
    page,
    call,
    async visit(path, shown) {
      await page.goto(`${url}${path}`)
      await page.getByText(shown).and(page.locator(':visible')).first().waitFor()
    },
    async makePoll(definition = {}) {
      const { body } = await call('POST', '/polls', { json: { question, options, ...definition } })
      const poll = { id: body.id, path: `/polls/${body.id}`, token: body.manage_token }
      if (body.status === 'open' && body.voter_identity !== 'code') await letVote(url, call, poll, voters)
      return poll
    },
  }
}

/** Every image is drawn. Looked at from here: the policy of our pages lets nobody wait inside for what is not yet so. */
export async function imagesShown(page: Page): Promise<void> {
  const isComplete = async (): Promise<boolean> =>
    page.evaluate('[...document.images].every(({ complete }) => complete)')
  await waitUntil(isComplete, { what: 'all images are there' })
}

async function letVote(
  url: string,
  call: HttpClient,
  { id, path, token }: MadePoll,
  voters: readonly number[],
): Promise<void> {
  const chosen = voters.flatMap((count, at) => Array.from({ length: count }, () => at + 1))
  // Also where the service is too busy for some of them at first.
  await Promise.all(chosen.map(async (option) => createClient({ url }).vote(id, option)))
  await waitUntil(async () => (await call('GET', path, { bearer: token })).body.total_votes === chosen.length, {
    what: 'all votes are counted',
  })
}
