import type { BrowserContext, Page, Route, WebSocketRoute } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { press, radio, useVotePage } from '../support/pages/vote-page.ts'
import { waitUntil } from '../support/wait-until.ts'

const { addressOf, call, makePoll, open, provoke, visit } = useVotePage()

const votesOf = async (pollId: string): Promise<readonly number[]> =>
  (await call('GET', `/polls/${pollId}/results`)).body.options.map(({ votes }: { readonly votes: number }) => votes)
const waitingVotes = (page: Page) => page.evaluate<number>('localStorage.length')

/** From now on nothing gets through, and that may show. */
async function goOffline(page: Page): Promise<void> {
  provoke(/./)
  await page.context().setOffline(true)
}

/** Votes without a network, on a page that stays without one. */
async function keepOffline(page: Page, option: string): Promise<void> {
  await page.getByText('Live').waitFor()
  await goOffline(page)
  await radio(page, option).check()
  await press(page, 'Vote')
  await page.getByText('Your vote is kept on this device').waitFor()
}

/** Lets a page follow its poll, and then no more, in whatever way. */
async function hearUntilDeaf(page: Page): Promise<{ readonly end: () => Promise<void> }> {
  const sockets: WebSocketRoute[] = []
  let isDeaf = false
  await page.routeWebSocket('**/ws/**', async (socket) => {
    if (isDeaf) return socket.close({ code: 1012 })
    socket.connectToServer()
    sockets.push(socket)
  })
  return {
    async end() {
      isDeaf = true
      await page.route(/\/(events|results)$/, async (route) => route.abort())
      for (const socket of sockets) await socket.close({ code: 1012 })
    },
  }
}

type MadePoll = { readonly id: string; readonly manage_token: string }

async function beginAnew({ id, manage_token: bearer }: MadePoll): Promise<void> {
  for (const step of ['reset', 'open']) {
    expect((await call('POST', `/polls/${id}/${step}`, { bearer })).status).toBe(200)
  }
}

/** The keys of all votes in a poll that pages of this browser send from now on. */
function watchKeys(context: BrowserContext, pollId: string): ReadonlySet<string | undefined> {
  const keys = new Set<string | undefined>()
  context.on('request', (request) => {
    if (request.method() === 'POST' && request.url().endsWith(`/${pollId}/vote`))
      keys.add(request.headers()['idempotency-key'])
  })
  return keys
}

describe('a vote', () => {
  test('is said to be accepted, and then recorded', async () => {
    const page = await visit(await makePoll())
    await radio(page, 'Coffee').check()
    await press(page, 'Vote')
    await page.getByText('You voted for Coffee.').waitFor()
    await page.getByRole('status').getByText('Recorded.').waitFor()
    expect(await page.evaluate('document.activeElement.id')).toBe('notice')
  })

  test('that is cast offline is kept, sent when the network returns, and counts once', async () => {
    const pollId = await makePoll()
    const page = await visit(pollId)
    await page.getByText('Live').waitFor()
    const keys = watchKeys(page.context(), pollId)
    await goOffline(page)
    await radio(page, 'Coffee').check()
    await press(page, 'Vote')
    await page.getByText('Your vote is kept on this device').waitFor()
    expect(await waitingVotes(page)).toBe(1)
    // What is on its way cannot be chosen again.
    await radio(page, 'Tea').click()
    expect(await radio(page, 'Coffee').isChecked()).toBe(true)
    await page.context().setOffline(false)
    await page.getByText('You voted for Coffee.').waitFor()
    await waitUntil(async () => (await votesOf(pollId))[1] === 1)
    expect([keys.size, await waitingVotes(page), await votesOf(pollId)]).toEqual([1, 0, [0, 1, 0]])
  })

  test('whose answers are lost outlives the page, is sent by the next one as the same vote, and counts once', async () => {
    const pollId = await makePoll()
    const page = await visit(pollId)
    const context = page.context()
    const keys = watchKeys(context, pollId)
    const given: (string | null)[] = []
    provoke(/\/vote$/)
    await page.route('**/vote', async (route) => {
      const request = route.request()
      // Not through the browser, which would keep a cookie that the answer brings.
      const answer = await fetch(request.url(), {
        method: request.method(),
        headers: await request.allHeaders(),
        body: request.postData(),
      })
      if (answer.status === 202) given.push(answer.headers.get('set-cookie'))
      await route.abort()
    })
    await radio(page, 'Neither').check()
    await press(page, 'Vote')
    await page.getByText('Your vote is kept on this device').waitFor()
    expect(given.length).toBeGreaterThan(1)
    await page.close()
    const elsewhere = await context.newPage()
    await elsewhere.goto(addressOf(await makePoll()))
    await radio(elsewhere, 'Tea').check()
    await press(elsewhere, 'Vote')
    await elsewhere.getByText('You voted for Tea.').waitFor()
    expect(given.filter((cookie) => cookie !== null)).toEqual([])
    const next = await context.newPage()
    await next.goto(addressOf(pollId))
    await next.getByText('You voted for Neither.').waitFor()
    await waitUntil(async () => (await votesOf(pollId))[2] === 1)
    expect([keys.size, await waitingVotes(next), await votesOf(pollId)]).toEqual([1, 0, [0, 0, 1]])
  })

  test('that was kept over a reset is not sent into the new round, and that is said', async () => {
    const { body: made } = await call('POST', '/polls', { json: { question: 'Which?', options: ['A', 'B'] } })
    const page = await visit(made.id)
    await keepOffline(page, 'A')
    const keys = watchKeys(page.context(), made.id)
    await page.goto('about:blank')
    await beginAnew(made)
    await page.context().setOffline(false)
    await page.goto(addressOf(made.id))
    await page.getByRole('alert').getByText('The poll has begun anew').waitFor()
    expect([keys.size, await waitingVotes(page)]).toEqual([0, 0])
    await radio(page, 'B').check()
    await press(page, 'Vote')
    await page.getByText('You voted for B.').waitFor()
  })

  test('that is kept while the poll begins anew does not count, though the page that sends it has not heard of that', async () => {
    const { body: made } = await call('POST', '/polls', { json: { question: 'Which?', options: ['A', 'B'] } })
    const page = await open()
    const hearing = await hearUntilDeaf(page)
    await page.goto(addressOf(made.id))
    await keepOffline(page, 'A')
    // Its vote goes out before any news of the reset comes.
    await hearing.end()
    await beginAnew(made)
    const answered = page.waitForResponse(/\/vote$/)
    await page.context().setOffline(false)
    expect((await answered).status()).toBe(409)
    await page.getByRole('alert').getByText('The poll has begun anew').waitFor()
    expect(await waitingVotes(page)).toBe(0)
    // It has heard by that, and goes on in the new round.
    await radio(page, 'B').check()
    await press(page, 'Vote')
    await page.getByText('You voted for B.').waitFor()
    await waitUntil(async () => (await votesOf(made.id))[1] === 1)
    expect(await votesOf(made.id)).toEqual([0, 1])
  })

  test('that is on its way when the poll begins anew neither holds up nor outlives the next one', async () => {
    const { body: made } = await call('POST', '/polls', { json: { question: 'Which?', options: ['A', 'B'] } })
    const page = await visit(made.id)
    await keepOffline(page, 'A')
    const held = Promise.withResolvers<Route>()
    await page.route('**/vote', async (route) => {
      if (route.request().postData()?.includes('[1]') === true) held.resolve(route)
      else await route.continue()
    })
    await page.context().setOffline(false)
    await held.promise
    await beginAnew(made)
    await page.getByRole('alert').getByText('The poll has begun anew').waitFor()
    await radio(page, 'B').check()
    await press(page, 'Vote')
    await page.getByText('You voted for B.').waitFor()
    await waitUntil(async () => (await votesOf(made.id))[1] === 1)
    expect([await waitingVotes(page), await votesOf(made.id)]).toEqual([0, [0, 1]])
  })

  test('whose answer comes after a reset is not shown in the round that does not have it', async () => {
    const { body: made } = await call('POST', '/polls', { json: { question: 'Which?', options: ['A', 'B'] } })
    const page = await visit(made.id)
    await page.getByText('Live').waitFor()
    const [mayAnswer, mayTell] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    await page.route('**/vote', async (route) => {
      if (route.request().method() === 'GET') {
        // Which vote stands would put right at once what is shown wrongly.
        await mayTell.promise
        return route.continue()
      }
      const response = await route.fetch()
      await mayAnswer.promise
      await route.fulfill({ response })
    })
    await radio(page, 'A').check()
    await press(page, 'Vote')
    // Else the page might take what it shows already for the news of the reset.
    await page.locator('.total', { hasText: '1 vote' }).waitFor()
    await beginAnew(made)
    await page.locator('.total', { hasText: '0 votes' }).waitFor()
    mayAnswer.resolve()
    await page.getByRole('button', { name: 'Vote', exact: true }).waitFor()
    expect(await page.getByText('You voted for').count()).toBe(0)
    mayTell.resolve()
    await radio(page, 'B').check()
    await press(page, 'Vote')
    await page.getByText('You voted for B.').waitFor()
  })

  test('that waits beside one of another page is kept for itself, and both learn which one counts', async () => {
    const pollId = await makePoll()
    const page = await visit(pollId)
    const other = await page.context().newPage()
    await other.goto(addressOf(pollId))
    await other.getByText('Live').waitFor()
    await keepOffline(page, 'Tea')
    await radio(other, 'Coffee').check()
    await press(other, 'Vote')
    await other.getByText('Your vote is kept on this device').waitFor()
    expect(await waitingVotes(page)).toBe(2)
    await page.context().setOffline(false)
    for (const at of [page, other]) await at.getByText('You voted for').waitFor()
    await waitUntil(async () => (await votesOf(pollId)).some((votes) => votes === 1))
    const [tea, coffee] = await votesOf(pollId)
    expect([Number(tea) + Number(coffee), await waitingVotes(page)]).toEqual([1, 0])
    const counts = tea === 1 ? 'You voted for Tea.' : 'You voted for Coffee.'
    for (const at of [page, other]) await at.getByText(counts).waitFor()
  })

  test('that another page has sent meanwhile is not sent again', async () => {
    const pollId = await makePoll()
    const page = await visit(pollId)
    await keepOffline(page, 'Tea')
    // As the other page does once it has the answer.
    await page.evaluate('localStorage.clear()')
    const keys = watchKeys(page.context(), pollId)
    await page.context().setOffline(false)
    await page.getByRole('button', { name: 'Vote', exact: true }).waitFor()
    expect(keys.size).toBe(0)
  })

  test('that the browser does not keep is said to last as long as the page, and is sent all the same', async () => {
    const page = await open()
    await page.addInitScript(`Object.defineProperty(window, 'localStorage', {
      get() { throw new DOMException('denied', 'SecurityError') }
    })`)
    const pollId = await makePoll()
    await page.goto(addressOf(pollId))
    await page.getByText('Live').waitFor()
    await goOffline(page)
    await radio(page, 'Coffee').check()
    await press(page, 'Vote')
    await page.getByText('Stay on this page').waitFor()
    await page.context().setOffline(false)
    await page.getByText('You voted for Coffee.').waitFor()
    await waitUntil(async () => (await votesOf(pollId))[1] === 1)
    expect(await votesOf(pollId)).toEqual([0, 1, 0])
  })

  test('that was replaced by a later one is not shown as the one that stands', async () => {
    const pollId = await makePoll({ allow_vote_change: true })
    const page = await visit(pollId)
    const mayAnswer = Promise.withResolvers<void>()
    await page.route('**/votes/*', async (route) => {
      await mayAnswer.promise
      await route.continue()
    })
    await radio(page, 'Coffee').check()
    await press(page, 'Vote')
    await page.getByText('You voted for Coffee.').waitFor()
    const other = await page.context().newPage()
    await other.goto(addressOf(pollId))
    await radio(other, 'Tea').check()
    await press(other, 'Change vote')
    await other.getByRole('status').getByText('Recorded.').waitFor()
    mayAnswer.resolve()
    await page.getByText('You voted for Tea.').waitFor()
    expect(await radio(page, 'Tea').isChecked()).toBe(true)
  })

  test('that was cast elsewhere meanwhile is shown, and cannot be cast again', async () => {
    const pollId = await makePoll()
    const page = await visit(pollId)
    await page.getByText('Live').waitFor()
    const other = await page.context().newPage()
    await other.goto(addressOf(pollId))
    provoke(/\/vote$/)
    for (const [at, name] of [
      [other, 'Tea'],
      [page, 'Coffee'],
    ] as const) {
      await radio(at, name).check()
      await press(at, 'Vote')
      await at.getByText('You voted for Tea.').waitFor()
    }
    await page.getByRole('alert').getByText('already').waitFor()
    expect(await page.getByRole('radio').count()).toBe(0)
  })
})
