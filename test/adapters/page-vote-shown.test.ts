import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import arabic from '../../web/messages/ar.json' with { type: 'json' }
import { press, radio, useVotePage } from '../support/pages/vote-page.ts'
import { waitUntil } from '../support/wait-until.ts'

const { addressOf, call, makePoll, open, url, visit, vote } = useVotePage()

/** So long at most a page that shows a final result waits before it looks for the next round. */
const firstLookMostMs = 45_000

/** As the server has drawn it, for as long as that is wanted. */
async function visitBeforeScript(
  address: string,
): Promise<{ readonly page: Page; readonly letScriptCome: () => void }> {
  const page = await open()
  const arriving = Promise.withResolvers<void>()
  await page.route('**/assets/vote-*.js', async (route) => {
    await arriving.promise
    await route.continue()
  })
  await page.goto(address, { waitUntil: 'commit' })
  return { page, letScriptCome: arriving.resolve }
}

const share = (page: Page, text: string) => page.getByRole('listitem').filter({ hasText: text }).locator('.share')

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

  test('begins the poll anew after a final result: the page finds the next round by itself', async () => {
    const { body: poll } = await call('POST', '/polls', { json: { question: 'Tea?', options: ['Yes', 'No'] } })
    const manage = async (step: string) => call('POST', `/polls/${poll.id}/${step}`, { bearer: poll.manage_token })
    const page = await open()
    await page.clock.install()
    await page.goto(addressOf(poll.id))
    await radio(page, 'Yes').check()
    await press(page, 'Vote')
    await page.getByText('You voted for Yes.').waitFor()
    await manage('close')
    await page.getByText('Final result').waitFor()
    for (const step of ['reset', 'open']) await manage(step)
    const isThere = async (): Promise<boolean> => {
      await page.clock.fastForward(firstLookMostMs)
      return radio(page, 'No').isVisible()
    }
    await waitUntil(isThere, { withinMs: 15_000, what: 'the next round is there' })
    expect(await page.getByText('You voted for').count()).toBe(0)
    await radio(page, 'No').check()
    await press(page, 'Vote')
    await page.getByText('You voted for No.').waitFor()
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
    // Said in the frame after, and so not before a bar is as long as it shall be.
    expect(await moving.evaluate('moved')).toEqual(['rect transform'])
    expect(await still.evaluate('moved')).toEqual([])
  })

  test('is said aloud, not before everything else and not again and again', async () => {
    const pollId = await makePoll()
    const page = await open()
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
    const page = await open()
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
    expect(used.filter((address) => !address.startsWith(url()))).toEqual([])
    let bytes = 0
    for (const address of [addressOf(pollId), ...used]) {
      const answer = await fetch(address, { headers: { 'accept-encoding': 'br', accept: 'text/html' } })
      bytes += Number(answer.headers.get('content-length'))
    }
    console.log(`${bytes} bytes for the first load`)
    expect(bytes).toBeLessThan(40 * 1024)
  })
})
