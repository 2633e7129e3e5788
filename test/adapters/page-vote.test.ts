import type { Browser, BrowserContext, BrowserContextOptions, Page, Route, WebSocketRoute } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createClient } from '../../client/src/index.ts'
import arabic from '../../web/messages/ar.json' with { type: 'json' }
import { openPage, startBrowser } from '../support/browser.ts'
import { createHttpClient, type HttpClient } from '../support/http-client.ts'
import { type RunningSystem, startSystem } from '../support/running-system.ts'
import { waitUntil } from '../support/wait-until.ts'

let system: RunningSystem
let call: HttpClient
let browser: Browser

beforeAll(async () => {
  system = await startSystem('postgres')
  call = createHttpClient(system.url)
  browser = await startBrowser()
}, 60_000)
afterAll(async () => {
  await browser.close()
  await system.stop()
})

const faultsOfPages: string[] = []
afterEach(async () => {
  for (const context of browser.contexts()) await context.close()
  const faults = [...faultsOfPages.splice(0), ...system.logged.splice(0)]
  if (faults.length > 0) throw new Error(`faults: ${faults.join('\n')}`)
})

async function makePoll(more: object = {}): Promise<string> {
  const options = ['Tea', 'Coffee', 'Neither']
  return (await call('POST', '/polls', { json: { question: 'Tea or coffee?', options, ...more } })).body.id
}

const addressOf = (pollId: string): string => `${system.url}/p/${pollId}`

async function visit(pollId: string, options: BrowserContextOptions = {}): Promise<Page> {
  const page = await openPage(browser, faultsOfPages, options)
  await page.goto(addressOf(pollId))
  return page
}

/** As the server has drawn it, for as long as that is wanted. */
async function visitBeforeScript(
  address: string,
): Promise<{ readonly page: Page; readonly letScriptCome: () => void }> {
  const page = await openPage(browser, faultsOfPages)
  const arriving = Promise.withResolvers<void>()
  await page.route('**/assets/vote-*.js', async (route) => {
    await arriving.promise
    await route.continue()
  })
  await page.goto(address, { waitUntil: 'commit' })
  return { page, letScriptCome: arriving.resolve }
}

const radio = (page: Page, name: string) => page.getByRole('radio', { name })
const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click()
const share = (page: Page, text: string) => page.getByRole('listitem').filter({ hasText: text }).locator('.share')
/** Also where the service is too busy for it at first, as it says then. */
const vote = async (pollId: string, optionId: number) => createClient({ url: system.url }).vote(pollId, optionId)
const votesOf = async (pollId: string): Promise<readonly number[]> =>
  (await call('GET', `/polls/${pollId}/results`)).body.options.map(({ votes }: { readonly votes: number }) => votes)
const waitingVotes = (page: Page) => page.evaluate<number>('localStorage.length')

/** Votes without a network, on a page that stays without one. */
async function keepOffline(page: Page, option: string): Promise<void> {
  await page.getByText('Live').waitFor()
  await page.context().setOffline(true)
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
    await page.context().setOffline(true)
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
    const page = await openPage(browser, faultsOfPages)
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
    const mayAnswer = Promise.withResolvers<void>()
    await page.route('**/vote', async (route) => {
      if (route.request().method() !== 'POST') return route.continue()
      const response = await route.fetch()
      await mayAnswer.promise
      await route.fulfill({ response })
    })
    await radio(page, 'A').check()
    await press(page, 'Vote')
    await waitUntil(async () => (await votesOf(made.id))[0] === 1)
    await beginAnew(made)
    await page.locator('.total', { hasText: '0 votes' }).waitFor()
    mayAnswer.resolve()
    await page.getByRole('button', { name: 'Vote', exact: true }).waitFor()
    expect(await page.getByText('You voted for').count()).toBe(0)
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
    const page = await openPage(browser, faultsOfPages)
    await page.addInitScript(`Object.defineProperty(window, 'localStorage', {
      get() { throw new DOMException('denied', 'SecurityError') }
    })`)
    const pollId = await makePoll()
    await page.goto(addressOf(pollId))
    await page.getByText('Live').waitFor()
    await page.context().setOffline(true)
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

describe('what others do', () => {
  test('moves the bars, and leaves selection, focus and place alone', async () => {
    const options = ['Tea', 'Coffee', ...Array.from({ length: 30 }, (_, index) => `Option ${index}`)]
    const pollId = await makePoll({ options })
    const page = await visit(pollId)
    await page.getByText('Live').waitFor()
    const chosen = page.getByRole('radio', { name: 'Option 20', exact: true })
    await chosen.check()
    await chosen.focus()
    await page.evaluate('window.place = [document.activeElement, scrollY]')
    for (let count = 0; count < 3; count += 1) await vote(pollId, 1)
    await share(page, 'Tea').getByText('100%').waitFor()
    // What is chosen here is voted for elsewhere too.
    await vote(pollId, Number(await chosen.inputValue()))
    await share(page, 'Option 20').getByText('25%').waitFor()
    expect(await chosen.isChecked()).toBe(true)
    expect(await page.evaluate('document.activeElement === place[0] && scrollY === place[1]')).toBe(true)
  })

  test('moves bars by transforms that take their time, and none where less motion is wanted', async () => {
    const pollId = await makePoll()
    const moving = await visit(pollId)
    const still = await visit(pollId, { reducedMotion: 'reduce' })
    for (const page of [moving, still]) {
      await page.getByText('Live').waitFor()
      await page.evaluate(`{
        window.moved = []
        addEventListener('transitionrun', ({ target, propertyName }) => moved.push(target.tagName + ' ' + propertyName))
      }`)
    }
    await vote(pollId, 2)
    for (const page of [moving, still]) await share(page, 'Coffee').getByText('100%').waitFor()
    expect(await moving.evaluate('moved')).toEqual(['rect transform'])
    expect(await still.evaluate('moved')).toEqual([])
    for (const page of [moving, still]) {
      const row = page.getByRole('listitem').filter({ hasText: 'Coffee' })
      const lengths = async () => {
        const [whole, bar] = await Promise.all([row.locator('.bar').boundingBox(), row.locator('rect').boundingBox()])
        return [whole?.width, bar?.width]
      }
      await waitUntil(async () => {
        const [whole, bar] = await lengths()
        return whole !== undefined && whole === bar
      })
    }
  })

  test('is said aloud, not before everything else and not again and again', async () => {
    const pollId = await makePoll()
    const page = await openPage(browser, faultsOfPages)
    await page.clock.install()
    await page.goto(addressOf(pollId))
    await page.getByText('Live').waitFor()
    const aloud = page.locator('[aria-live=polite]')
    for (const [count, optionId] of [1, 1, 2].entries()) {
      await vote(pollId, optionId)
      await page.locator('.total', { hasText: `${count + 1} vote` }).waitFor()
    }
    expect(await aloud.textContent()).toBe('')
    await page.clock.fastForward(10_000)
    await waitUntil(async () => (await aloud.textContent()) === '3 votes. First: Tea, 67%.')
  })
})

describe('the page', () => {
  test('counts down to the opening, and lets people vote from then on', async () => {
    const opensIn = (ms: number) => ({ opens_at: new Date(Date.now() + ms).toISOString() })
    const { body: made } = await call('POST', '/polls', {
      json: { question: 'Tea or coffee?', options: ['Tea', 'Coffee'], ...opensIn(60_000) },
    })
    const page = await visit(made.id)
    await page.getByText('Voting has not begun yet.').waitFor()
    expect(await page.getByRole('timer').innerText()).toMatch(/^Opens in (1:00|0:[1-5]\d)$/)
    expect(await page.getByRole('radio').count()).toBe(0)
    await page.getByText('Live').waitFor()
    const sooner = { json: opensIn(2_000), bearer: made.manage_token }
    expect((await call('PATCH', `/polls/${made.id}`, sooner)).status).toBe(200)
    await radio(page, 'Tea').check()
    await press(page, 'Vote')
    await page.getByText('You voted for Tea.').waitFor()
  })

  test('says the same refusal again when it comes again', async () => {
    const page = await visit(await makePoll())
    await page.getByText('Live').waitFor()
    await press(page, 'Vote')
    const alert = page.getByRole('alert').filter({ hasText: 'Please choose something first.' })
    const first = await alert.elementHandle()
    await press(page, 'Vote')
    await waitUntil(async () => (await first?.evaluate((element) => element.isConnected)) === false)
    await alert.waitFor()
  })

  test('keeps what somebody chose before its script came', async () => {
    const pollId = await makePoll()
    const { page, letScriptCome } = await visitBeforeScript(addressOf(pollId))
    await radio(page, 'Coffee').check()
    letScriptCome()
    await page.getByText('Live').waitFor()
    expect(await radio(page, 'Coffee').isChecked()).toBe(true)
    await press(page, 'Vote')
    await page.getByText('You voted for Coffee.').waitFor()
  })

  test.each([
    ['open', {}],
    ['of codes', { voter_identity: 'code' }],
    ['not begun', { draft: true }],
    ['hidden', { results_visibility: 'never' }],
  ])('goes on from each element that the server has drawn of a poll that is %s, as what it was', async (_, more) => {
    const { body: made } = await call('POST', '/polls', { json: { question: 'Which?', options: ['A', 'B'], ...more } })
    const { page, letScriptCome } = await visitBeforeScript(`${addressOf(made.id)}#manage=${made.manage_token}`)
    await page.locator('.at-end').waitFor({ state: 'attached' })
    await page.evaluate(`{
      window.nameOf = ({ tagName, id, className }) => [tagName, id, className.baseVal ?? className].join(' ')
      window.drawn = [...document.querySelectorAll('#vote *')].map((element) => [element, nameOf(element)])
    }`)
    letScriptCome()
    await page.getByRole('link', { name: 'Manage this poll' }).waitFor()
    await page.getByText('Live').waitFor()
    const changed = `drawn.filter(([element, name]) => element.isConnected && nameOf(element) !== name)`
    expect(await page.evaluate(`${changed}.map(([element, name]) => name + ' is now ' + nameOf(element))`)).toEqual([])
    const ids = await page.evaluate<string[]>(`[...document.querySelectorAll('[id]')].map(({ id }) => id)`)
    expect(ids).toEqual([...new Set(ids)])
    expect(await page.evaluate(`drawn.length > 9 && drawn.every(([element]) => element.isConnected)`)).toBe(true)
  })

  test('is drawn in the reader’s language, goes on in it, and keeps what was chosen when it is switched', async () => {
    const pollId = await makePoll()
    const plain = await visit(pollId, { locale: 'ar', javaScriptEnabled: false })
    expect(await plain.getByRole('button').allInnerTexts()).toEqual([arabic.vote.vote])
    const page = await visit(pollId, { locale: 'ar' })
    expect(await page.evaluate('document.dir')).toBe('rtl')
    await radio(page, 'Coffee').check()
    await page.getByRole('combobox').selectOption('en')
    await page.getByRole('button', { name: 'Vote' }).waitFor()
    expect(await radio(page, 'Coffee').isChecked()).toBe(true)
    await press(page, 'Vote')
    await page.getByText('You voted for Coffee.').waitFor()
  })

  test('is one group named for its question, and has its result as a table too', async () => {
    const pollId = await makePoll({ allow_vote_change: true })
    await vote(pollId, 1)
    const page = await visit(pollId)
    await page.getByRole('group', { name: 'Tea or coffee? Choose one' }).waitFor()
    await page.getByText('As a table').click()
    const table = page.getByRole('table', { name: 'Result' })
    await share(page, 'Tea').getByText('100%').waitFor()
    expect(await table.getByRole('row').allInnerTexts()).toEqual([
      'Option\tVotes\tShare',
      'Tea\t1\t100%',
      'Coffee\t0\t0%',
      'Neither\t0\t0%',
    ])
  })

  test('shows an organiser what everybody sees, and the way to manage', async () => {
    const { body: made } = await call('POST', '/polls', {
      json: { question: 'Which?', options: ['A', 'B'], results_visibility: 'never' },
    })
    await vote(made.id, 1)
    const page = await openPage(browser, faultsOfPages)
    await page.goto(`${addressOf(made.id)}#manage=${made.manage_token}`)
    const link = page.getByRole('link', { name: 'Manage this poll' })
    await link.waitFor()
    const size = await link.boundingBox()
    expect(Math.min(size?.width ?? 0, size?.height ?? 0)).toBeGreaterThan(10)
    expect(await page.locator('.unseen', { has: link }).count()).toBe(0)
    expect(await link.getAttribute('href')).toBe(`/p/${made.id}/manage#manage=${made.manage_token}`)
    expect(page.url()).toBe(addressOf(made.id))
    await page.getByText('Live').waitFor()
    expect(await page.locator('.share').count()).toBe(0)
    const stranger = await visit(made.id)
    await stranger.getByText('Live').waitFor()
    expect(await stranger.getByRole('link', { name: 'Manage this poll' }).count()).toBe(0)
  })

  test('says of itself what a preview of a link needs, and no count', async () => {
    const pollId = await makePoll({ description: 'About "tea" & <coffee>' })
    await vote(pollId, 1)
    const page = await visit(pollId, { javaScriptEnabled: false })
    const meta = (name: string) => page.locator(`meta[property="${name}"]`).getAttribute('content')
    expect(await meta('og:title')).toBe('Tea or coffee?')
    expect(await meta('og:description')).toBe('About "tea" & <coffee>')
  })

  test('is small on its first way over the wire, and asks no other host', async () => {
    const pollId = await makePoll()
    const page = await visit(pollId)
    await page.getByText('Live').waitFor()
    const used = await page.evaluate<string[]>(`performance.getEntriesByType('resource').map(({ name }) => name)`)
    expect(used.filter((url) => !url.startsWith(system.url))).toEqual([])
    let bytes = 0
    for (const url of [addressOf(pollId), ...used]) {
      const answer = await fetch(url, { headers: { 'accept-encoding': 'br', accept: 'text/html' } })
      bytes += Number(answer.headers.get('content-length'))
    }
    console.log(`${bytes} bytes for the first load`)
    expect(bytes).toBeLessThan(40 * 1024)
  })
})
