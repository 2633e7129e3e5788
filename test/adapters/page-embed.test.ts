import type { Frame, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { DependencyUnavailable } from '../../src/ports/unavailable.ts'
import arabic from '../../web/messages/ar.json' with { type: 'json' }
import { claimsFor, signToken } from '../support/host-application.ts'
import { type OtherOrigin, startOtherOrigin } from '../support/other-origin.ts'
import { type MadePoll, usePages } from '../support/pages/use-pages.ts'
import { waitUntil } from '../support/wait-until.ts'

const gzippedBytesMax = 20 * 1024
/** How long a page with a final result waits at most until it looks for the next round. */
const lookEveryMostMs = 45_000
const hostSecret = 'the-secret-that-the-host-shares-with-us-0123456789'

const pages = usePages({ HOST_TOKEN_SECRETS: hostSecret })
const { call, open, provoke, system, told, url, vote: someoneVotes } = pages
let elsewhere: OtherOrigin
beforeAll(async () => {
  elsewhere = await startOtherOrigin()
})
afterAll(() => elsewhere.stop())

const makePoll = async (more: object = {}): Promise<MadePoll> =>
  pages.makePoll({ options: ['Tea', 'Coffee', 'Water'], ...more })

/** Whether this is the count of the poll, option by option. */
const has = async ({ path }: MadePoll, expected: readonly number[]): Promise<boolean> => {
  const options: readonly { readonly votes: number }[] = (await call('GET', path)).body.options
  return String(options.map(({ votes }) => votes)) === String(expected)
}

/** A page of somebody else's site, as strict as a page can be that lets us in. */
async function openHost(html: string, headers: Readonly<Record<string, string>> = {}): Promise<Page> {
  const sockets = url().replace('http', 'ws')
  elsewhere.show(`<html lang="en"><title>News</title><h1>News</h1>${html}`, {
    'content-security-policy': [
      "default-src 'none'",
      `script-src ${url()}`,
      `connect-src ${url()} ${sockets}`,
      `frame-src ${url()}`,
      "require-trusted-types-for 'script'",
    ].join(';'),
    ...headers,
  })
  const page = await open()
  await page.addInitScript(`
    window.heard = []
    for (const type of ['tallycast:vote', 'tallycast:update'])
      addEventListener(type, ({ detail }) => heard.push([type, detail]))`)
  await page.goto(elsewhere.pageOn('localhost'))
  return page
}

const tag = ({ id }: MadePoll, more = ''): string =>
  `<tally-cast-poll poll="${id}" ${more}></tally-cast-poll><script src="${url()}/embed.js" async></script>`
const frameTag = ({ id }: MadePoll): string => `<iframe src="${url()}/p/${id}/embed" title="Poll"></iframe>`

const element = (page: Page | Frame): Locator => page.locator('tally-cast-poll')
const button = (within: Locator, name: string): Locator => within.getByRole('button', { name, exact: true })
const row = (within: Locator, text: string): Locator => within.locator('.option', { hasText: text })
/** Share and count of an option, as they are seen. */
const figures = async (within: Locator, text: string): Promise<string> =>
  (await row(within, text).locator('.share, .votes > [aria-hidden]').allInnerTexts()).join(' ')
/** How far a bar reaches into its row, 0 to 1. */
const reach = async (within: Locator, text: string): Promise<number> => {
  const [bar, whole] = await Promise.all([
    row(within, text).locator('.bar').boundingBox(),
    row(within, text).boundingBox(),
  ])
  return bar === null || whole === null ? Number.NaN : (bar.x + bar.width - whole.x) / whole.width
}
const isLive = (within: Locator): Promise<void> => within.getByText('Live', { exact: true }).waitFor()
const heard = async (page: Page): Promise<readonly (readonly [string, Record<string, unknown>])[]> =>
  page.evaluate('heard')

async function vote(within: Locator, text: string): Promise<void> {
  await within.getByRole('radio', { name: text }).check()
  await button(within, 'Vote').click()
}

/** Nothing is left in this browser but what the page itself has kept. */
async function expectNoCookie(page: Page): Promise<void> {
  expect(await page.context().cookies([url(), page.url()])).toEqual([])
}

describe('/embed.js', () => {
  test('is one script of less than 20 KB on the wire, which any page may load and asks for again', async () => {
    const script = await call('GET', '/embed.js', { headers: { 'accept-encoding': 'gzip' } })
    const bytes = Number(script.headers.get('content-length'))
    console.log(`${bytes} bytes, gzipped`)
    expect(script.headers.get('content-encoding')).toBe('gzip')
    expect(bytes).toBeLessThan(gzippedBytesMax)
    expect(script.text).not.toMatch(/\bimport\b\s*[("{]/)
    expect(script.headers.get('content-type')).toBe('text/javascript; charset=utf-8')
    expect(script.headers.get('cross-origin-resource-policy')).toBe('cross-origin')
    expect(script.headers.get('access-control-allow-origin')).toBe('*')
    expect(script.headers.get('cache-control')).toBe('public, max-age=300')
    const etag = script.headers.get('etag') ?? ''
    for (const known of [etag, etag.replace('W/', ''), `"other", ${etag}`]) {
      const again = await call('GET', '/embed.js', { headers: { 'if-none-match': known } })
      expect([again.status, again.text, again.headers.get('etag')]).toEqual([304, '', etag])
    }
    expect((await call('GET', '/embed.js', { headers: { 'if-none-match': '"other"' } })).status).toBe(200)
    expect((await call('GET', '/assets/embed.js')).status).toBe(404)
  })
})

describe('<tally-cast-poll>, in a page of another site whose policy is strict', () => {
  test('votes once, is told so after a reload, and shows each vote of others, who touch nobody’s choice', async () => {
    const poll = await makePoll()
    const page = await openHost(tag(poll), { 'cross-origin-embedder-policy': 'require-corp' })
    const shown = element(page)
    await isLive(shown)
    expect(await figures(shown, 'Tea')).toBe('0% 0')
    await shown.getByRole('radio', { name: 'Coffee' }).check()
    await someoneVotes(poll, 1)
    await waitUntil(async () => (await figures(shown, 'Tea')) === '100% 1')
    expect(await shown.getByRole('radio', { name: 'Coffee' }).isChecked()).toBe(true)
    await button(shown, 'Vote').click()
    await shown.getByText('You voted for Coffee.').waitFor()
    await waitUntil(async () => Math.abs((await reach(shown, 'Coffee')) - 0.5) < 0.01)
    await page.reload()
    await shown.getByText('You voted for Coffee.').waitFor()
    expect(await shown.getByRole('radio').count()).toBe(0)
    await someoneVotes(poll, 1)
    await waitUntil(async () => (await figures(shown, 'Tea')) === '67% 2')
    await waitUntil(async () => has(poll, [2, 1, 0]))
    await expectNoCookie(page)
  })

  test('says to the page around what was voted, and how the poll stands; also from a module', async () => {
    const poll = await makePoll()
    const page = await openHost(tag(poll).replace('async', 'type="module"'))
    await vote(element(page), 'Tea')
    await waitUntil(async () => (await heard(page)).some(([, detail]) => detail['total_votes'] === 1))
    const isVote = ([type]: readonly [string, unknown]): boolean => type === 'tallycast:vote'
    // The count may be there before the answer.
    await waitUntil(async () => (await heard(page)).some(isVote))
    const votes = (await heard(page)).filter(isVote)
    const detail = { poll_id: poll.id, vote_id: expect.any(String), option_ids: [1] }
    expect(votes).toEqual([['tallycast:vote', detail]])
    const border = await page.evaluate(`{
      const element = document.querySelector('tally-cast-poll')
      element.style.setProperty('--tallycast-accent', 'rgb(1, 2, 3)')
      getComputedStyle(element.shadowRoot.querySelector('[part~=mine]')).borderTopColor
    }`)
    expect(border).toBe('rgb(1, 2, 3)')
  })

  test('changes a vote and takes it back where the poll allows it, by the keyboard alone', async () => {
    const poll = await makePoll({ type: 'multiple', max_choices: 2, allow_vote_change: true })
    const page = await openHost(tag(poll))
    const shown = element(page)
    await shown.getByRole('group', { name: 'Choose up to 2' }).waitFor()
    await page.keyboard.press('Tab')
    await page.keyboard.press('Space')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Space')
    await page.keyboard.press('Enter')
    await shown.getByText('You voted for Tea, Coffee.').waitFor()
    await waitUntil(async () => has(poll, [1, 1, 0]))
    // Where one was is where one goes on, from the next frame on.
    const focused = "document.querySelector('tally-cast-poll').shadowRoot.activeElement?.className"
    await waitUntil(async () => (await page.evaluate(focused)) === 'notices')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Space')
    await button(shown, 'Change vote').press('Enter')
    await shown.getByText('You voted for Coffee.').waitFor()
    await waitUntil(async () => has(poll, [0, 1, 0]))
    await shown.getByRole('checkbox', { name: 'Tea' }).check()
    await shown.getByRole('checkbox', { name: 'Water' }).check()
    await button(shown, 'Change vote').click()
    await shown.getByRole('alert').getByText('Please choose at most 2.').waitFor()
    await button(shown, 'Take it back').click()
    await shown.getByText('Your vote was taken back.').waitFor()
    await waitUntil(async () => has(poll, [0, 0, 0]))
    await page.reload()
    await button(shown, 'Vote').waitFor()
  })

  test('two of them, voted in at the same moment before there is a session, have one voter', async () => {
    const [one, other] = [await makePoll(), await makePoll()]
    const page = await openHost(tag(one) + tag(other))
    const shown = [element(page).first(), element(page).last()] as const
    for (const each of shown) await each.getByRole('radio', { name: 'Tea' }).check()
    await page.evaluate(`
      for (const { shadowRoot } of document.querySelectorAll('tally-cast-poll')) shadowRoot.querySelector('button').click()`)
    for (const each of shown) await each.getByText('You voted for Tea.').waitFor()
    expect(await page.evaluate('Object.keys(localStorage)')).toEqual([`tallycast ${url()}`])
    await page.reload()
    for (const each of shown) await each.getByText('You voted for Tea.').waitFor()
  })

  test('a session that the service does not know any more is given up for a new one', async () => {
    provoke(/\/vote$/)
    const poll = await makePoll({ results_visibility: 'after_vote' })
    const page = await openHost(tag(poll))
    await button(element(page), 'Vote').waitFor()
    await page.evaluate(`localStorage.setItem('tallycast ${url()}', 'nonsense')`)
    await page.reload()
    await vote(element(page), 'Tea')
    await waitUntil(async () => (await figures(element(page), 'Tea')) === '100% 1')
    await page.reload()
    await element(page).getByText('You voted for Tea.').waitFor()
  })

  test('a vote whose answer is lost counts once, also where the page is read again before', async () => {
    provoke(/\/vote$/)
    const poll = await makePoll()
    const page = await openHost(tag(poll))
    await page.route('**/vote', async (route) => {
      if (route.request().method() !== 'POST') return route.continue()
      await route.fetch()
      await route.abort()
    })
    await vote(element(page), 'Tea')
    await waitUntil(async () => has(poll, [1, 0, 0]))
    await page.unrouteAll({ behavior: 'ignoreErrors' })
    await page.reload()
    await element(page).getByText('You voted for Tea.').waitFor()
    await waitUntil(async () => has(poll, [1, 0, 0]))
  })

  test('a vote of nobody in particular whose answer is lost can only be sent again as it is, and counts once', async () => {
    provoke(/\/vote$/)
    const poll = await makePoll({ voter_identity: 'none' })
    const page = await openHost(tag(poll))
    const shown = element(page)
    await page.route('**/vote', async (route) => {
      if (route.request().method() !== 'POST') return route.continue()
      await route.fetch()
      await route.fulfill({ status: 503, headers: { 'access-control-allow-origin': '*', 'retry-after': '600' } })
    })
    await vote(shown, 'Tea')
    await shown.getByRole('alert').getByText('Your vote may not have arrived.').waitFor()
    await page.unrouteAll({ behavior: 'ignoreErrors' })
    for (const option of await shown.getByRole('radio').all()) expect(await option.isDisabled()).toBe(true)
    await button(shown, 'Vote').click()
    await shown.getByText('Thank you, your vote counts.').waitFor()
    await waitUntil(async () => has(poll, [1, 0, 0]))
    await button(shown, 'Vote again').click()
    await vote(shown, 'Coffee')
    await waitUntil(async () => has(poll, [1, 1, 0]))
  })

  test('a vote in a round of which the counts tell before the definition does is shown as the voter’s own', async () => {
    const poll = await makePoll()
    const page = await openHost(tag(poll))
    const shown = element(page)
    await isLive(shown)
    await shown.getByRole('radio', { name: 'Tea' }).check()
    const { text: old } = await call('GET', poll.path)
    const headers = { 'access-control-allow-origin': '*' }
    await page.route(`**${poll.path}`, (route) =>
      route.fulfill({ body: old, headers, contentType: 'application/json' }),
    )
    for (const step of ['reset', 'open']) await call('POST', `${poll.path}/${step}`, { bearer: poll.token })
    await waitUntil(async () => (await heard(page)).some(([, { round, status }]) => round === 2 && status === 'open'))
    await vote(shown, 'Tea')
    await shown.getByText('You voted for Tea.').waitFor()
  })

  test('the vote of the round before is not shown in this one, though an api tells of it that has not heard of the reset', async () => {
    const poll = await makePoll()
    const page = await openHost(tag(poll))
    const shown = element(page)
    await isLive(shown)
    let old: string | null = null
    let toldOld = 0
    await page.route(/\/vote$/, async (route) => {
      if (route.request().method() !== 'GET') return route.continue()
      if (old !== null) {
        const headers = { 'access-control-allow-origin': '*' }
        await route.fulfill({ body: old, headers, contentType: 'application/json' })
        toldOld += 1
        return
      }
      const response = await route.fetch()
      old = await response.text()
      await route.fulfill({ response })
    })
    await vote(shown, 'Tea')
    await waitUntil(() => old !== null)
    for (const step of ['reset', 'open']) await call('POST', `${poll.path}/${step}`, { bearer: poll.token })
    await waitUntil(() => toldOld > 0)
    await vote(shown, 'Coffee')
    await shown.getByText('You voted for Coffee.').waitFor()
  })

  test('a vote for a round that is over does not count, and the next one is there to vote in', async () => {
    const poll = await makePoll()
    const page = await openHost(tag(poll))
    const shown = element(page)
    provoke(/\/(?:vote|events)$/)
    // No news of the reset comes to it.
    await page.routeWebSocket('**/ws/**', async (socket) => socket.close({ code: 1012 }))
    await page.route(/\/events$/, async (route) => route.abort())
    await page.reload()
    await shown.getByRole('radio', { name: 'Tea' }).check()
    for (const step of ['reset', 'open']) await call('POST', `${poll.path}/${step}`, { bearer: poll.token })
    await button(shown, 'Vote').click()
    await shown.getByRole('alert').getByText('The poll has begun anew').waitFor()
    await waitUntil(async () => !(await shown.getByRole('radio', { name: 'Tea' }).isChecked()))
    await vote(shown, 'Coffee')
    await shown.getByText('You voted for Coffee.').waitFor()
    await waitUntil(async () => has(poll, [0, 1, 0]))
  })

  test('finds the next round after a final result, in which nobody has voted yet', async () => {
    const poll = await makePoll()
    const page = await openHost(tag(poll))
    const shown = element(page)
    await page.clock.install()
    await page.reload()
    await vote(shown, 'Tea')
    await shown.getByText('You voted for Tea.').waitFor()
    await call('POST', `${poll.path}/close`, { bearer: poll.token })
    await shown.getByText('Final result').waitFor()
    await shown.getByText('You voted for Tea.').waitFor()
    for (const step of ['reset', 'open']) await call('POST', `${poll.path}/${step}`, { bearer: poll.token })
    const isThere = async (): Promise<boolean> => {
      await page.clock.fastForward(lookEveryMostMs)
      return button(shown, 'Vote').isVisible()
    }
    await waitUntil(isThere, { withinMs: 15_000, what: 'the next round is there' })
    expect(await shown.getByText('You voted for').count()).toBe(0)
    await vote(shown, 'Coffee')
    await shown.getByText('You voted for Coffee.').waitFor()
    await waitUntil(async () => has(poll, [0, 1, 0]))
  })

  test('results that are hidden until the vote come with it, and go when it is taken back', async () => {
    const poll = await makePoll({ results_visibility: 'after_vote', allow_vote_change: true })
    await someoneVotes(poll, 1)
    const page = await openHost(tag(poll))
    const shown = element(page)
    await isLive(shown)
    await someoneVotes(poll, 1)
    await shown.getByText('You will see the result once you have voted.').waitFor()
    expect(await shown.locator('.figures, .bar').count()).toBe(0)
    expect(toldCounts()).toEqual([])
    await vote(shown, 'Coffee')
    await waitUntil(async () => (await figures(shown, 'Tea')) === '67% 2')
    await button(shown, 'Take it back').click()
    await shown.getByText('You will see the result once you have voted.').waitFor()
    expect(await shown.locator('.figures, .bar').count()).toBe(0)
  })

  test('results that are hidden until the end are nowhere before, and then final', async () => {
    const poll = await makePoll({ results_visibility: 'after_close' })
    const page = await openHost(tag(poll))
    await vote(element(page), 'Coffee')
    await element(page).getByText('The result will be shown when the poll has closed.').waitFor()
    await element(page).getByText('You voted for Coffee.').waitFor()
    await someoneVotes(poll, 2)
    expect(await element(page).locator('.figures, .bar').count()).toBe(0)
    expect(toldCounts()).toEqual([])
    await call('POST', `${poll.path}/close`, { bearer: poll.token })
    await element(page).getByText('Final result').waitFor()
    expect(await figures(element(page), 'Coffee')).toBe('100% 2')
    await element(page).locator('.winner', { hasText: 'Coffee' }).waitFor()
  })

  test('asks for a voting code where the poll does, each of which votes once', async () => {
    provoke(/\/vote$/)
    const poll = await makePoll({ voter_identity: 'code' })
    const { body } = await call('POST', `${poll.path}/codes`, { json: { count: 1 }, bearer: poll.token })
    const page = await openHost(tag(poll))
    const shown = element(page)
    await vote(shown, 'Tea')
    await shown.getByRole('alert').getByText('Please enter your voting code.').waitFor()
    await shown.getByLabel('Your voting code').fill('ABCD-ABCD-ABCD-ABCD')
    await button(shown, 'Vote').click()
    await shown.getByRole('alert').getByText('This is not a voting code of this poll.').waitFor()
    await shown.getByLabel('Your voting code').fill(body.codes[0])
    await button(shown, 'Vote').click()
    await shown.getByText('You voted for Tea.').waitFor()
    await button(shown, 'Vote with another code').click()
    await shown.getByLabel('Your voting code').fill(body.codes[0].toLowerCase())
    await vote(shown, 'Coffee')
    await shown.getByRole('alert').waitFor()
    await shown.getByText('You voted for Tea.').waitFor()
    await waitUntil(async () => has(poll, [1, 0, 0]))
    expect(await page.evaluate('Object.keys(localStorage)')).toEqual([])
  })

  test('votes as whom the page vouches for, and as nobody without that', async () => {
    const poll = await makePoll({ voter_identity: 'token' })
    const page = await openHost(tag(poll))
    const shown = element(page)
    await shown.getByText('Only people whom this site has signed in can vote here.').waitFor()
    expect(await shown.getByRole('button').count()).toBe(0)
    const token = await signToken(claimsFor(poll.id), new TextEncoder().encode(hostSecret), 'HS256')
    await page.evaluate(`document.querySelector('tally-cast-poll').setAttribute('voter-token', '${token}')`)
    await vote(shown, 'Water')
    await shown.getByText('You voted for Water.').waitFor()
    await waitUntil(async () => has(poll, [0, 0, 1]))
  })

  test('goes over to events where the policy of the page lets no socket through', async () => {
    const poll = await makePoll()
    const policy = `default-src 'none'; script-src ${url()}; connect-src ${url()}`
    // What the browser says of each socket.
    provoke(/ws:/)
    const page = await openHost(tag(poll), { 'content-security-policy': policy })
    await isLive(element(page))
    await someoneVotes(poll, 1)
    await waitUntil(async () => (await figures(element(page), 'Tea')) === '100% 1')
  })

  test('says that a poll is not there, is gone, or was not named', async () => {
    provoke(/\/polls\//)
    const poll = await makePoll()
    const page = await openHost(
      `<tally-cast-poll poll="nosuchpoll12"></tally-cast-poll><tally-cast-poll></tally-cast-poll>${tag(poll)}`,
    )
    await element(page).nth(0).getByText('This poll is not here.').waitFor()
    await element(page).nth(1).getByText('Which poll to show').waitFor()
    await isLive(element(page).nth(2))
    await call('DELETE', poll.path, { bearer: poll.token })
    await element(page).nth(2).getByText('This poll is not here.').waitFor()
    expect(await element(page).getByRole('heading').count()).toBe(0)
  })
})

/** Every member of an answer or a message that tells of votes. */
function toldCounts(): readonly string[] {
  expect(told().length).toBeGreaterThan(0)
  return told()
    .flatMap((text) => text.match(/"(?:votes|total_votes|version)":[^,}\]]+/g) ?? [])
    .filter(isCount)
}
const isCount = (member: string): boolean => !member.endsWith(':null')

describe('/p/{id}/embed, in a frame of another site that has no cookies', () => {
  async function openFrame(
    poll: MadePoll,
    html = frameTag(poll),
  ): Promise<{ readonly page: Page; readonly frame: Frame }> {
    const page = await openHost(html)
    return { page, frame: await frameOf(page) }
  }
  const frameOf = async (page: Page): Promise<Frame> => {
    const handle = await page.locator('iframe').elementHandle()
    const frame = (await handle?.contentFrame()) ?? null
    if (frame === null) throw new Error('the page has no frame')
    return frame
  }

  test('votes once, is told so after a reload, and shows each vote of others', async () => {
    const poll = await makePoll()
    const { page, frame } = await openFrame(poll)
    await element(frame).getByRole('heading', { level: 1, name: 'Tea or coffee?' }).waitFor()
    await vote(element(frame), 'Tea')
    await element(frame).getByText('You voted for Tea.').waitFor()
    await page.reload()
    const again = await frameOf(page)
    await element(again).getByText('You voted for Tea.').waitFor()
    expect(await element(again).getByRole('button').count()).toBe(0)
    await someoneVotes(poll, 2)
    await waitUntil(async () => (await figures(element(again), 'Coffee')) === '50% 1')
    await waitUntil(async () => has(poll, [1, 1, 0]))
    // It could have no cookie that another site sees, nor anything in the storage of the browser.
    const probe = `document.cookie = 'probe=1; SameSite=None; Secure'; document.cookie.includes('probe')`
    expect(await again.evaluate(probe)).toBe(false)
    expect(await again.evaluate('try { localStorage.length } catch ({ name }) { name }')).toBe('SecurityError')
    await page.goto(url(`/p/${poll.id}`))
    expect(await page.evaluate('document.cookie')).toBe('')
    expect(await page.evaluate(probe)).toBe(true)
  })

  test('a vote there is not that of the cookie on the vote page, whose session stays its own', async () => {
    const poll = await makePoll()
    const own = await open()
    await own.goto(url(`/p/${poll.id}`))
    await own.evaluate("fetch('/session', { method: 'POST' })")
    const before = await own.context().cookies()
    expect(before).toHaveLength(1)
    elsewhere.show(frameTag(poll))
    // Of the same site, so that the cookie would go along.
    await own.goto(elsewhere.pageOn('127.0.0.1'))
    const frame = await frameOf(own)
    await vote(element(frame), 'Tea')
    await element(frame).getByText('You voted for Tea.').waitFor()
    expect(await own.context().cookies()).toEqual(before)
    await own.goto(url(`/p/${poll.id}`))
    expect(await own.evaluate(`fetch('${poll.path}/vote').then((answer) => answer.json())`)).toEqual({ vote: null })
  })

  test('where the browser gives it no storage, it has one voter until it is left', async () => {
    const poll = await makePoll({ allow_vote_change: true })
    elsewhere.show(frameTag(poll))
    const page = await open()
    await page.addInitScript(`
      Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('denied', 'SecurityError') } })`)
    await page.goto(elsewhere.pageOn('localhost'))
    const frame = await frameOf(page)
    await vote(element(frame), 'Tea')
    await waitUntil(async () => has(poll, [1, 0, 0]))
    await element(frame).getByRole('radio', { name: 'Coffee' }).check()
    await button(element(frame), 'Change vote').click()
    await waitUntil(async () => has(poll, [0, 1, 0]))
  })

  test('tells the page around how high it is', async () => {
    const poll = await makePoll()
    const page = await open()
    await page.addInitScript("window.told = []; addEventListener('message', ({ data }) => told.push(data))")
    elsewhere.show(frameTag(poll))
    await page.goto(elsewhere.pageOn('localhost'))
    await isLive(element(await frameOf(page)))
    const frame = await frameOf(page)
    await waitUntil(async () => {
      const height = await frame.evaluate<number>("document.querySelector('#frame').offsetHeight")
      const last = await page.evaluate<{ readonly height: number } | undefined>('told.at(-1)')
      return Math.abs((last?.height ?? Infinity) - height) <= 1
    })
    expect(await page.evaluate('told.at(-1)')).toEqual({
      type: 'tallycast:height',
      poll_id: poll.id,
      height: expect.any(Number),
    })
  })

  test('speaks the language and bears the theme that the page around asks for', async () => {
    const poll = await makePoll()
    await someoneVotes(poll, 1)
    const src = url(`/p/${poll.id}/embed?lang=ar&theme=dark`)
    const { frame } = await openFrame(poll, `<iframe src="${src}" title="Poll"></iframe>`)
    const shown = element(frame).locator('[lang=ar][dir=rtl]')
    await shown.getByText(arabic.common.choose_one).waitFor()
    expect(await frame.evaluate('getComputedStyle(document.documentElement).colorScheme')).toBe('dark')
    // Its bars grow from where one begins to read.
    await someoneVotes(poll, 2)
    const right = async (of: Locator): Promise<number> => {
      const box = await of.boundingBox()
      return box === null ? Number.NaN : box.x + box.width
    }
    await waitUntil(async () => Math.abs((await reach(shown, 'Tea')) - 1) < 0.01)
    const [bar, whole] = [await right(row(shown, 'Tea').locator('.bar')), await right(row(shown, 'Tea'))]
    expect(Math.abs(bar - whole)).toBeLessThan(4)
  })

  test('says that there is no such poll, in its status too', async () => {
    provoke(/nosuchpoll12/)
    const answer = await call('GET', '/p/nosuchpoll12/embed')
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([404, 'private, no-store'])
    const { frame } = await openFrame({ id: 'nosuchpoll12', path: '', token: '' })
    await element(frame).getByText('This poll is not here.').waitFor()
  })

  test('that cannot be looked up right now says when to come back', async () => {
    const { polls } = system().adapters
    const find = polls.find.bind(polls)
    // Others look for other polls meanwhile.
    const look = vi.spyOn(polls, 'find').mockImplementation(async (id) => {
      if (id === 'nosuchpoll34') throw new DependencyUnavailable('ledger', 'away')
      return find(id)
    })
    const { status, headers } = await call('GET', '/p/nosuchpoll34/embed')
    look.mockRestore()
    expect([status, headers.get('retry-after')]).toEqual([503, '1'])
  })
})
