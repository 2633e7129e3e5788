import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { startBrowser } from '../support/browser.ts'
import { createHttpClient, type HttpClient } from '../support/http-client.ts'
import {
  askFrom,
  type OtherOrigin,
  type PageSays,
  type PageTold,
  startOtherOrigin,
  watchFrom,
} from '../support/other-origin.ts'
import { type RunningSystem, startSystem } from '../support/running-system.ts'
import { waitUntil } from '../support/wait-until.ts'

let system: RunningSystem
let call: HttpClient
let browser: Browser
let elsewhere: OtherOrigin

beforeAll(async () => {
  system = await startSystem('redis')
  call = createHttpClient(system.url)
  browser = await startBrowser()
  elsewhere = await startOtherOrigin()
}, 60_000)
afterEach(async () => {
  for (const context of browser.contexts()) await context.close()
})
afterAll(async () => {
  await browser.close()
  elsewhere.stop()
  await system.stop()
})

async function makePoll(more: object = {}): Promise<string> {
  return (await call('POST', '/polls', { json: { question: 'What?', options: ['Tea', 'Coffee'], ...more } })).body.id
}

const ask = async (page: Page, path: string, says: PageSays = {}): Promise<PageTold> =>
  askFrom(page, `${system.url}${path}`, says)

const voteFor = (optionId: number, more: PageSays = {}): PageSays => ({
  method: 'POST',
  body: JSON.stringify({ option_id: optionId }),
  ...more,
  headers: { 'content-type': 'application/json', ...more.headers },
})

const watch = async (page: Page, pollId: string): ReturnType<typeof watchFrom> =>
  watchFrom(page, `${system.url.replace('http', 'ws')}/ws/polls/${pollId}`)

/** What an event stream that this page opens is told first. */
async function listen(page: Page, pollId: string, withCredentials = false): Promise<unknown> {
  return page.evaluate(
    async ([url, shows]) =>
      new Promise((resolve) => {
        const events = new EventSource(url, { withCredentials: shows })
        const end = (told: unknown): void => {
          resolve(told)
          events.close()
        }
        events.addEventListener('message', ({ data }) => end(JSON.parse(data)))
        events.addEventListener('error', () => end('unreadable'))
      }),
    [`${system.url}/polls/${pollId}/events`, withCredentials] as const,
  )
}

/** The owner of this browser has a session here, in the cookie. */
async function beginSession(context: BrowserContext): Promise<Page> {
  const page = await context.newPage()
  await page.goto(`${system.url}/`)
  expect(await ask(page, '/session', { method: 'POST' })).toMatchObject({ status: 201 })
  return page
}

describe.each([
  ['of another site', 'localhost'],
  ['of the same site', '127.0.0.1'],
])('in a real browser, a page of another origin %s', (_of, host) => {
  let context: BrowserContext
  let own: Page
  let page: Page

  const open = async (): Promise<void> => {
    context = await browser.newContext()
    own = await beginSession(context)
    page = await context.newPage()
    await page.goto(elsewhere.pageOn(host))
  }
  const sessionOf = async (): Promise<string | undefined> =>
    (await context.cookies(system.url)).find(({ name }) => name === 'tallycast_session')?.value

  test('votes, is given a token, and goes on with it', async () => {
    await open()
    const id = await makePoll({ allow_vote_change: true, results_visibility: 'after_vote' })
    const before = await sessionOf()
    const voted = await ask(page, `/polls/${id}/vote`, voteFor(1))
    expect(voted).toMatchObject({ status: 202, body: { voter_token: expect.any(String) } })
    if (voted === 'unreadable') return
    const headers = { 'voter-token': String(voted.body['voter_token']), 'idempotency-key': crypto.randomUUID() }
    expect(await ask(page, `/polls/${id}/vote`, voteFor(2, { method: 'PUT', headers }))).toMatchObject({ status: 202 })
    const mine = await ask(page, `/polls/${id}/vote`, { headers })
    expect(mine).toMatchObject({ status: 200, body: { vote: { option_ids: [2] } } })
    expect(await ask(page, `/polls/${id}`, { headers })).toMatchObject({ body: { total_votes: expect.any(Number) } })
    expect(await ask(own, `/polls/${id}/vote`)).toMatchObject({ body: { vote: null } })
    expect(await sessionOf()).toBe(before)
  })

  test('reads nothing that is said to the cookie, does not vote with it, and does not replace it', async () => {
    await open()
    const id = await makePoll()
    const before = await sessionOf()
    expect(before).toMatch(/./)
    const credentials = 'include'
    expect(await ask(page, `/polls/${id}/vote`, voteFor(1, { credentials }))).toBe('unreadable')
    expect(await ask(page, `/polls/${id}/vote`, { credentials })).toBe('unreadable')
    expect(await ask(page, `/polls/${id}`, { credentials })).toBe('unreadable')
    expect(await ask(page, '/session', { method: 'POST', credentials })).toBe('unreadable')
    // What may be sent without asking first does arrive, together with the cookie.
    const blind = { mode: 'no-cors', credentials, body: '{"option_id":1}', method: 'POST' } as const
    await ask(page, `/polls/${id}/vote`, blind)
    await ask(page, '/session', { method: 'POST', mode: 'no-cors', credentials })
    expect(await sessionOf()).toBe(before)
    expect(await ask(own, `/polls/${id}/vote`)).toMatchObject({ body: { vote: null } })
    expect((await call('GET', `/polls/${id}`)).body.total_votes).toBe(0)
  })

  test('watches what the public sees, not what its owner sees', async () => {
    await open()
    const id = await makePoll({ results_visibility: 'after_vote' })
    expect(await ask(own, `/polls/${id}/vote`, voteFor(1))).toMatchObject({ status: 202 })
    await waitUntil(async () => (await watch(own, id)).total_votes === 1)
    expect(await watch(page, id)).toMatchObject({ type: 'tally', total_votes: null })
    expect(await listen(own, id)).toMatchObject({ type: 'tally', total_votes: 1 })
    expect(await listen(page, id)).toMatchObject({ type: 'tally', total_votes: null })
    expect(await listen(page, id, true)).toBe('unreadable')
  })
})

test('in a real browser, /docs works under its policy, and can be tried', async () => {
  const page = await (await browser.newContext()).newPage()
  const faults: string[] = []
  page.on('pageerror', (error) => faults.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(message.text())
  })
  await page.goto(`${system.url}/docs`)
  await page.locator('#operations-Health-isLive').click()
  await page.locator('#operations-Health-isLive').getByRole('button', { name: 'Execute' }).click()
  const answer = page.locator('#operations-Health-isLive .live-responses-table .response-col_status')
  await answer.filter({ hasText: '200' }).waitFor()
  expect(faults).toEqual([])
})
