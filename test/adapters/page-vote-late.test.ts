import { networkInterfaces } from 'node:os'
import type { BrowserContext, Page, Route } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { usePages } from '../support/pages/use-pages.ts'
import { waitUntil } from '../support/wait-until.ts'

const { call, open, provoke, url } = usePages({ HOST: '0.0.0.0' })
/** What is asked for while there is no connection, or where a test gives the answer. */
const cutOff = /\/(?:polls|session|ws|p)\b/

async function makePoll(more: object = {}): Promise<string> {
  const options = ['Tea', 'Coffee', 'Neither']
  return (await call('POST', '/polls', { json: { question: 'Tea or coffee?', options, ...more } })).body.id
}

const visit = async (pollId: string): Promise<Page> => {
  provoke(cutOff)
  const page = await open()
  await page.goto(url(`/p/${pollId}`))
  await page.getByText('Live').waitFor()
  return page
}
const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click()
const vote = async (page: Page, option: string): Promise<void> => {
  await page.getByRole('radio', { name: option }).check()
  await press(page, 'Vote')
}
const isKept = (page: Page): Promise<void> => page.getByText('Your vote is kept on this device').waitFor()
const votesOf = async (pollId: string): Promise<readonly number[]> =>
  (await call('GET', `/polls/${pollId}/results`)).body.options.map(({ votes }: { readonly votes: number }) => votes)
const has = async (pollId: string, expected: readonly number[]): Promise<boolean> =>
  String(await votesOf(pollId)) === String(expected)

/** What pages of this browser send from now on by way of votes. */
function watchVotes(context: BrowserContext): readonly string[] {
  const sent: string[] = []
  context.on('request', (request) => {
    if (request.method() !== 'GET' && request.url().endsWith('/vote')) sent.push(request.postData() ?? '')
  })
  return sent
}

describe('a vote that is kept and that its voter gives up', () => {
  test('is not sent any more, leaves the form free with what was chosen, and is forgotten, by the keyboard alone', async () => {
    const pollId = await makePoll()
    const page = await visit(pollId)
    const sent = watchVotes(page.context())
    await page.context().setOffline(true)
    await vote(page, 'Tea')
    await isKept(page)
    // The way to it goes on from where the outcome was told.
    await page.keyboard.press('Tab')
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Do not send it')
    await page.keyboard.press('Enter')
    await page.getByRole('status').getByText('This vote will not be sent any more').waitFor()
    expect(await page.evaluate('document.activeElement.id')).toBe('notice')
    expect(await page.evaluate('localStorage.length')).toBe(0)
    expect(await page.getByRole('radio', { name: 'Tea' }).isChecked()).toBe(true)
    const before = sent.length
    await page.context().setOffline(false)
    await page.getByRole('status').getByText('the service has no vote of yours').waitFor()
    expect(sent.length).toBe(before)
    await vote(page, 'Coffee')
    await page.getByText('You voted for Coffee.').waitFor()
    await waitUntil(async () => has(pollId, [0, 1, 0]))
  })

  test('leaves the focus with its outcome where it is sent by itself while the focus is on the way to give it up', async () => {
    const page = await visit(await makePoll())
    await page.context().setOffline(true)
    await vote(page, 'Tea')
    await isKept(page)
    await page.getByRole('button', { name: 'Do not send it' }).focus()
    await page.context().setOffline(false)
    await page.getByText('You voted for Tea.').waitFor()
    expect(await page.evaluate('document.activeElement.id')).toBe('notice')
  })

  test('is shown where it had arrived all the same, though its answer was lost', async () => {
    const pollId = await makePoll()
    const page = await visit(pollId)
    await page.route('**/vote', async (route) => {
      if (route.request().method() !== 'POST') return route.continue()
      await route.fetch()
      await route.abort()
    })
    await vote(page, 'Neither')
    await isKept(page)
    // It asks at once, and not only some time later.
    await page.evaluate('window.setInterval = () => 0')
    await press(page, 'Do not send it')
    await page.getByText('You voted for Neither.').waitFor()
    expect(await page.getByText('This vote will not be sent').count()).toBe(0)
    await waitUntil(async () => has(pollId, [0, 0, 1]))
  })

  test('is shown where it arrives only after the service was asked and had none', async () => {
    const pollId = await makePoll()
    const page = await visit(pollId)
    const mayArrive = Promise.withResolvers<void>()
    let isKeptBack = false
    let areHeld = 0
    await page.route('**/vote', async (route) => {
      if (route.request().method() !== 'POST') return route.continue()
      if (!isKeptBack) return route.abort()
      areHeld += 1
      await mayArrive.promise
      await route.fetch()
    })
    await vote(page, 'Neither')
    await isKept(page)
    isKeptBack = true
    await waitUntil(() => areHeld > 0, { withinMs: 15_000 })
    await page.evaluate('{ const every = setInterval; window.setInterval = (ask) => every(ask, 200) }')
    await press(page, 'Do not send it')
    await page.getByRole('status').getByText('the service has no vote of yours').waitFor()
    mayArrive.resolve()
    await page.getByText('You voted for Neither.').waitFor()
    await waitUntil(async () => has(pollId, [0, 0, 1]))
  })

  test('in a poll that recognises nobody is nobody’s, and that is said', async () => {
    const pollId = await makePoll({ voter_identity: 'none' })
    const page = await visit(pollId)
    await page.context().setOffline(true)
    await vote(page, 'Tea')
    await isKept(page)
    await press(page, 'Do not send it')
    await page.getByRole('status').getByText('nobody can tell whose a vote is').waitFor()
    await page.context().setOffline(false)
    await page.getByText('Live').waitFor()
    await vote(page, 'Coffee')
    await page.getByText('Thank you, your vote counts.').waitFor()
    await waitUntil(async () => has(pollId, [0, 1, 0]))
  })
})

/** Where others in the same network reach this machine. */
const ownAddress = Object.values(networkInterfaces())
  .flatMap((addresses) => addresses ?? [])
  .find(({ family, internal }) => family === 'IPv4' && !internal)?.address

describe('two pages on plain http, at an address that is not this machine to a browser', () => {
  /** Asks for it as a browser without a cookie does, whatever has come meanwhile. */
  async function ask(route: Route) {
    const request = route.request()
    const { cookie: _, ...headers } = await request.allHeaders()
    return fetch(request.url(), { method: request.method(), headers })
  }

  async function answer(route: Route, said: Response): Promise<void> {
    await route.fulfill({ status: said.status, headers: Object.fromEntries(said.headers), body: await said.text() })
  }

  test.skipIf(ownAddress === undefined)(
    'that come back with a vote each in the same moment are one voter',
    async () => {
      const pollId = await makePoll()
      const address = url(`/p/${pollId}`).replace('127.0.0.1', ownAddress ?? '')
      provoke(cutOff)
      const page = await open()
      const other = await page.context().newPage()
      for (const at of [page, other]) {
        await at.goto(address)
        await at.getByText('Live').waitFor()
      }
      expect(await page.evaluate('[isSecureContext, "locks" in navigator]')).toEqual([false, false])
      const asking: Route[] = []
      await page.context().route('**/session', (route) => void asking.push(route))
      await page.context().setOffline(true)
      await vote(page, 'Tea')
      await vote(other, 'Coffee')
      for (const at of [page, other]) await isKept(at)
      await page.context().setOffline(false)
      await waitUntil(() => asking.length === 2)
      const said = await Promise.all(asking.map(ask))
      await answer(asking[0]!, said[0]!) // There are two.
      // Who has it votes before the other has its own.
      await waitUntil(async () => (await votesOf(pollId)).includes(1))
      await answer(asking[1]!, said[1]!)
      for (const at of [page, other]) await at.getByText('You voted for').waitFor()
      const [tea, coffee] = await votesOf(pollId)
      const counts = tea === 1 ? 'You voted for Tea.' : 'You voted for Coffee.'
      for (const at of [page, other]) await at.getByText(counts).waitFor()
      expect(Number(tea) + Number(coffee)).toBe(1)
      expect(await page.evaluate('indexedDB.databases().then((all) => all.map(({ name }) => name))')).toEqual([
        'tallycast',
      ])
    },
  )
})
