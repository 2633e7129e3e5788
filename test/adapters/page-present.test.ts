import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { useBigScreen } from '../support/pages/big-screen.ts'
import type { MadePoll } from '../support/pages/use-pages.ts'
import { connectViewer } from '../support/viewer.ts'
import { waitUntil } from '../support/wait-until.ts'

const { call, forgetJoinCode, makePoll, present, provoke, told, url, vote } = useBigScreen()

const row = (page: Page, text: string) => page.locator('.choice', { hasText: text })
const figures = async (page: Page, text: string): Promise<string> =>
  (await row(page, text).locator('.figures').allInnerTexts()).join(' ').replace(/\s+/g, ' ')
/** How far a bar reaches into its row, 0 to 1. */
const reach = async (page: Page, text: string): Promise<number> => {
  const [fill, whole] = await Promise.all([
    row(page, text).locator('.fill').boundingBox(),
    row(page, text).boundingBox(),
  ])
  return fill === null || whole === null ? Number.NaN : (fill.x + fill.width - whole.x) / whole.width
}
/** Every member of an answer or a message that tells of votes. */
const toldCounts = (): readonly string[] =>
  told().flatMap((text) => text.match(/"(?:votes|total_votes|version)":[^,}\]]+/g) ?? [])
const isLive = (page: Page) => page.getByRole('status').getByText('Live').waitFor()
const status = async ({ path }: MadePoll): Promise<string> => (await call('GET', path)).body.status

describe('the big screen', () => {
  test('shows each vote: bar, share, count and total, and pushes nothing aside', async () => {
    const poll = await makePoll()
    const page = await present(poll)
    await isLive(page)
    expect(await figures(page, 'Tea')).toBe('0% 0 votes')
    // A number that is written to the right begins elsewhere when it grows; whatever else moves was pushed.
    await page.evaluate(`
      window.pushed = []
      new PerformanceObserver((list) => {
        for (const { sources } of list.getEntries())
          pushed.push(...sources.map(({ node }) => node).filter((node) => node instanceof Element).map((node) => node.outerHTML))
      }).observe({ type: 'layout-shift' })`)
    for (const option of [2, 2, 2, 1]) await vote(poll, option)
    await waitUntil(async () => (await figures(page, 'Coffee')) === '75% 3 votes')
    await waitUntil(async () => Math.abs((await reach(page, 'Coffee')) - 0.75) < 0.01)
    await waitUntil(async () => Math.abs((await reach(page, 'Tea')) - 0.25) < 0.01)
    expect(await page.locator('.sum').innerText()).toMatch(/^4\s+votes$/)
    expect(await page.evaluate('pushed')).toEqual([])
    await call('PATCH', poll.path, { bearer: poll.token, json: { question: 'Tea, or rather coffee?' } })
    await page.getByRole('heading', { name: 'or rather coffee?' }).waitFor()
  })

  test('says when it hears nothing, is live again by itself, and says when the poll is gone', async () => {
    provoke(/\/(?:events|polls\/\w+(?:\/viewers)?)$/)
    const poll = await makePoll()
    const page = await present(poll)
    let isCutOff = true
    await page.context().routeWebSocket('**/ws/**', async (socket) => {
      if (isCutOff) await socket.close({ code: 1012 })
      else socket.connectToServer()
    })
    await page.route('**/events', async (route) => (isCutOff ? route.abort() : route.continue()))
    await page.reload()
    await page.getByRole('status').getByText('Connecting again…').waitFor()
    isCutOff = false
    await isLive(page)
    await call('DELETE', poll.path, { bearer: poll.token })
    await page.getByRole('status').getByText('This poll was deleted').waitFor()
    expect(await page.locator('.state').innerText()).toBe('Deleted')
  })

  test('says how many watch, also where the result is hidden', async () => {
    const poll = await makePoll({ results_visibility: 'never' })
    const page = await present(poll)
    await page.locator('.viewers').getByText('1 watching', { exact: true }).waitFor()
    const viewer = connectViewer(`${url().replace('http', 'ws')}/ws${poll.path}`)
    await waitUntil(async () => (await page.locator('.viewers').innerText()) === '2 watching', { withinMs: 20_000 })
    expect(await page.locator('.sum, .figures').count()).toBe(0)
    viewer.socket.close()
  })

  test('says where to join, in letters and as a code, at the address of the code', async () => {
    const poll = await makePoll()
    const page = await present(poll)
    const { join_code: joinCode } = (await call('GET', poll.path)).body
    const spelled = `${joinCode.slice(0, 3)}-${joinCode.slice(3)}`
    await page.getByText(`Join at ${new URL(url()).host}/j · ${spelled}`).waitFor()
    await waitUntil(async () => (await page.evaluate<number>("document.querySelector('.code').naturalWidth")) > 0)
    expect(await page.locator('.beside .join-code').innerText()).toBe(spelled)
    for (const shown of ['.join-code', '.address']) {
      const size = `parseFloat(getComputedStyle(document.querySelector('${shown}')).fontSize)`
      expect(await page.evaluate<number>(size)).toBeGreaterThanOrEqual(48)
    }
    await page.keyboard.press('q')
    await page.getByRole('dialog').getByRole('img').waitFor()
    await page.keyboard.press('q')
    await page.locator('dialog').waitFor({ state: 'detached' })
  })

  test('has the code at the side where one begins to read', async () => {
    const page = await present(await makePoll(), { locale: 'ar' })
    await page.locator('.join-code > bdi').waitFor()
    const ends = await page.evaluate<readonly number[]>(
      `['.join-code', '.join-code > bdi'].map((shown) => document.querySelector(shown).getBoundingClientRect().right)`,
    )
    expect(ends[0]).toBeCloseTo(ends[1] ?? 0, 0)
  })

  test('says where the page is, for a poll from before there were join codes', async () => {
    const poll = await makePoll()
    await forgetJoinCode(poll)
    const page = await present(poll)
    await page.getByText(`Join at ${new URL(url()).host}/p/${poll.id}`).waitFor()
    expect(await page.locator('.join-code').count()).toBe(0)
  })

  test('is not there for a poll that is not, and says what to do without JavaScript', async () => {
    provoke(/nosuchpoll12/)
    const nowhere = await present({ id: 'nosuchpoll12' })
    expect(await nowhere.locator('h1').innerText()).toBe('This poll is not here')
    const page = await present(await makePoll(), { javaScriptEnabled: false })
    expect(await page.locator('h1').innerText()).toBe('Tea or coffee?')
    expect(await page.locator('noscript p').innerText()).toContain('The big screen needs JavaScript.')
  })
})

describe('hidden results', () => {
  test('come to nobody’s screen nor over the wire, until the organiser asks for them', async () => {
    const poll = await makePoll({ results_visibility: 'after_close', options: ['Tea', 'Coffee', 'Water'] })
    for (const option of [2, 2, 2]) await vote(poll, option)
    const [page, stranger] = await Promise.all([present(poll, { after: `#manage=${poll.token}` }), present(poll)])
    for (const each of [page, stranger]) {
      await each.getByText('The result is hidden until voting has closed').waitFor()
      await isLive(each)
      expect(await each.locator('.figures, .fill, .sum, .pace, .leading').count()).toBe(0)
    }
    expect(toldCounts().filter((count) => !count.endsWith(':null'))).toEqual([])
    await page.keyboard.press('r')
    await page.getByText('Everybody who sees this screen will see it.').waitFor()
    await page.keyboard.press('Escape')
    await page.locator('dialog').waitFor({ state: 'detached' })
    await stranger.keyboard.press('r')
    expect((await page.locator('.figures').count()) + (await stranger.locator('.figures').count())).toBe(0)
    await page.keyboard.press('r')
    await page.getByRole('dialog').waitFor()
    await page.keyboard.press('Enter')
    await waitUntil(async () => (await figures(page, 'Coffee')) === '100% 3 votes')
    await page.keyboard.press('r')
    await page.locator('.figures').first().waitFor({ state: 'detached' })
    expect(await page.locator('.fill, .sum, .leading').count()).toBe(0)
  })

  test('that were shown are hidden again in the next round', async () => {
    const poll = await makePoll({ results_visibility: 'never' })
    await vote(poll, 2)
    const page = await present(poll, { after: `#manage=${poll.token}` })
    await isLive(page)
    await page.keyboard.press('r')
    await page.getByRole('dialog').waitFor()
    await page.keyboard.press('Enter')
    await waitUntil(async () => (await figures(page, 'Coffee')) === '100% 1 vote')
    for (const step of ['reset', 'open']) await call('POST', `${poll.path}/${step}`, { bearer: poll.token })
    await vote(poll, 1)
    await page.getByRole('button', { name: 'Show result' }).waitFor()
    await isLive(page)
    expect(await page.locator('.figures, .fill, .sum, .leading').count()).toBe(0)
  })

  test('are sent to no screen that has no token', async () => {
    const poll = await makePoll({ results_visibility: 'never' })
    for (const option of [2, 2]) await vote(poll, option)
    const page = await present(poll)
    await isLive(page)
    await call('POST', `${poll.path}/close`, { bearer: poll.token })
    await page.locator('.state').getByText('Final result').waitFor()
    expect(toldCounts().length).toBeGreaterThan(0)
    expect(toldCounts().filter((count) => !count.endsWith(':null'))).toEqual([])
  })

  test('stay hidden also where the browser that draws the screen has voted', async () => {
    const poll = await makePoll({ results_visibility: 'after_vote' })
    const { voter_token: session } = await vote(poll, 2)
    const page = await present(poll, { cookie: `tallycast_session=${session}` })
    await page.getByText('The result is hidden here until voting has closed').waitFor()
    await waitUntil(async () => told().some((text) => text.includes('"total_votes":1')))
    expect(await page.locator('.figures, .fill, .sum').count()).toBe(0)
  })
})

describe('the organiser at the big screen', () => {
  test('opens and closes by keys, closes only after having been asked, and has no token in the address', async () => {
    const poll = await makePoll({ opens_at: new Date(Date.now() + 600_000).toISOString() })
    const page = await present(poll, { after: `#manage=${poll.token}` })
    await page.getByText('Opens in 9:').waitFor()
    expect(page.url()).toBe(url(`/p/${poll.id}/present`))
    await page.reload()
    await page.getByRole('button', { name: 'Open', exact: true }).waitFor()
    await page.keyboard.press('o')
    await page.locator('.state').getByText('Open', { exact: true }).waitFor()
    await page.keyboard.press('c')
    await page.getByRole('dialog').waitFor()
    await page.keyboard.press('Escape')
    await page.locator('dialog').waitFor({ state: 'detached' })
    expect(await status(poll)).toBe('open')
    await page.keyboard.press('c')
    await page.getByRole('dialog').waitFor()
    await page.keyboard.press('Enter')
    await page.locator('.state').getByText('Final result').waitFor()
    expect(await status(poll)).toBe('closed')
  })

  test('opens nothing with a key that belongs to a list or a dialog', async () => {
    const poll = await makePoll({ draft: true })
    const page = await present(poll, { after: `#manage=${poll.token}` })
    const opened: string[] = []
    page.on('request', (request) => request.url().endsWith('/open') && opened.push(request.url()))
    await page.getByRole('button', { name: 'Open', exact: true }).waitFor()
    await page.keyboard.press('?')
    const keys = page.getByRole('dialog', { name: 'Keys' })
    await keys.waitFor()
    await page.keyboard.press('o')
    await keys.getByRole('combobox').focus()
    for (const key of ['o', 'q']) await page.keyboard.press(key)
    expect(await keys.isVisible()).toBe(true)
    await page.keyboard.press('Escape')
    await page.locator('dialog').waitFor({ state: 'detached' })
    expect(opened).toEqual([])
    await page.keyboard.press('o')
    await page.locator('.state').getByText('Open', { exact: true }).waitFor()
    expect(opened).toHaveLength(1)
  })

  test('is not whoever comes without a token, or with another’s', async () => {
    provoke(/\/ticket$/)
    const [poll, other] = await Promise.all([makePoll(), makePoll()])
    for (const after of ['', `#manage=${other.token}`, '#manage=%0A"']) {
      const page = await present(poll, { after })
      if (after !== '') await page.getByText('This link does not manage this poll').waitFor()
      await isLive(page)
      await page.keyboard.press('c')
      await page.keyboard.press('?')
      await page.getByRole('dialog', { name: 'Keys' }).waitFor()
      expect(await page.getByText('Close voting').count()).toBe(0)
    }
  })
})
