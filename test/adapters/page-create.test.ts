import { readFile } from 'node:fs/promises'
import type { Locator, Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { usePages } from '../support/pages/use-pages.ts'
import { startSystem } from '../support/running-system.ts'
import { waitUntil } from '../support/wait-until.ts'

const { call, open, url, visit } = usePages()

const row = (page: Page, number: number) => page.getByRole('textbox', { name: `Option ${number}`, exact: true })
const rows = async (page: Page): Promise<readonly string[]> =>
  Promise.all((await page.locator('.row input').all()).map((input) => input.inputValue()))
const make = (page: Page) => page.getByRole('button', { name: 'Make the poll' }).click()
const link = (page: Page, label: string) => page.getByRole('textbox', { name: label }).inputValue()
/** Waits until the focus is on what says this, where it comes with the frame after. */
const hasFocus = async (page: Page, text: string): Promise<void> =>
  waitUntil(async () => (await page.evaluate('document.activeElement.textContent')) === text, {
    what: `the focus is on “${text}”`,
  })
/** What a page to vote on says, but for when its counts were read. */
const readAsVoter = async (within: Locator): Promise<readonly string[]> =>
  within.locator('.asked, .code label, .ballot, .total, .hidden-note, #connection, .dock').allInnerTexts()
/** The poll that the page has made, as anybody sees it. */
const made = async (page: Page): Promise<unknown> => {
  await page.getByRole('heading', { name: 'Your poll is ready' }).waitFor()
  const { body } = await call('GET', `/polls/${new URL(await link(page, 'To vote')).pathname.slice('/p/'.length)}`)
  return body
}

describe('the page that makes a poll', () => {
  test('a question and two options are enough; its links lead to voting and managing', async () => {
    const page = await visit('/')
    await page.getByRole('textbox', { name: 'Question' }).fill('Tea or coffee?')
    await row(page, 1).fill('Tea')
    await page.keyboard.press('Enter')
    await page.keyboard.type('Coffee')
    await make(page)
    expect(await made(page)).toMatchObject({
      question: 'Tea or coffee?',
      options: [{ text: 'Tea' }, { text: 'Coffee' }],
      status: 'open',
      type: 'single',
      results_visibility: 'always',
    })
    await hasFocus(page, 'Your poll is ready')
    await waitUntil(async () => (await page.evaluate<number>("document.querySelector('.qr').naturalWidth")) > 0)
    const { join_code: joinCode } = (await made(page)) as { readonly join_code: string }
    expect(await page.locator('.join-code').innerText()).toContain(`${joinCode.slice(0, 3)}-${joinCode.slice(3)}`)
    expect(await page.locator('.join-code').innerText()).toContain(`${new URL(url()).host}/j`)
    const present = await link(page, 'To present')
    const opening = page.context().waitForEvent('page')
    await page.getByRole('link', { name: 'Open' }).first().click()
    await (await opening).getByRole('radio', { name: 'Tea' }).waitFor()
    await page.goto(await link(page, 'To manage'))
    await page.getByRole('button', { name: 'Close voting' }).waitFor()
    await page.goto(present)
    await page.getByRole('button', { name: 'Close' }).waitFor()
  })

  test('a pasted list becomes options, bullets and numbers gone; Alt and arrows move, and focus goes along', async () => {
    const page = await visit('/')
    await row(page, 1).focus()
    await page.evaluate(`{
      const clipboardData = new DataTransfer()
      clipboardData.setData('text', ' 1. One\\n- Two\\r\\n\\n• Three\\nFour\\n')
      document.activeElement.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }))
    }`)
    await row(page, 4).waitFor()
    expect(await rows(page)).toEqual(['One', 'Two', 'Three', 'Four'])
    await row(page, 3).focus()
    await page.keyboard.press('Alt+ArrowUp')
    await page.keyboard.press('Alt+ArrowUp')
    await page.getByRole('status').getByText('Now number 1 of 4.').waitFor()
    expect(await rows(page)).toEqual(['Three', 'One', 'Two', 'Four'])
    await page.keyboard.type('!')
    expect((await rows(page))[0]).toBe('Three!')
    await page.getByRole('button', { name: 'Remove option 2' }).click()
    expect(await rows(page)).toEqual(['Three!', 'Two', 'Four'])
  })

  test('what is missing is said, with the focus there, and nothing that was written is lost', async () => {
    const page = await visit('/')
    await row(page, 1).fill('Tea')
    await make(page)
    await page.getByRole('alert').getByText('Write a question.').waitFor()
    await hasFocus(page, 'Write a question.')
    await page.getByRole('textbox', { name: 'Question' }).fill('Tea?')
    await row(page, 2).fill(' Tea ')
    await make(page)
    await page.getByRole('alert').getByText('“Tea” stands there twice.').waitFor()
    expect(await rows(page)).toEqual(['Tea', ' Tea '])
  })

  test('everything that a poll can be told arrives', async () => {
    const page = await visit('/')
    await page.getByRole('textbox', { name: 'Question' }).fill('Which?')
    for (const [at, text] of ['A', 'B', 'C'].entries()) {
      await row(page, at + 1).fill(text)
      await page.keyboard.press('Enter')
    }
    await page.getByText('More settings').click()
    await page.getByLabel('More than one option may be chosen').check()
    await page.getByLabel('At most').fill('2')
    await page.getByLabel('Votes may be changed and taken back').check()
    await page.getByLabel('Who sees the result').selectOption('after_close')
    await page.getByLabel('Who may vote').selectOption('none')
    await page.getByLabel('Opens by itself').fill('2031-01-31T18:00')
    await page.getByLabel('Closes by itself').fill('2031-01-31T19:00')
    await page.getByLabel('Description').fill('More about it.')
    await make(page)
    expect(await made(page)).toMatchObject({
      type: 'multiple',
      max_choices: 2,
      allow_vote_change: true,
      results_visibility: 'after_close',
      voter_identity: 'none',
      status: 'scheduled',
      opens_at: new Date('2031-01-31T18:00').toISOString(),
      closes_at: new Date('2031-01-31T19:00').toISOString(),
      description: 'More about it.',
    })
  })

  test.each([
    [
      'hidden until the end, with codes and bounds',
      async (page: Page) => {
        await page.getByLabel('More than one option may be chosen').check()
        await page.getByLabel('At most').fill('2')
        await page.getByLabel('Who sees the result').selectOption('after_close')
        await page.getByLabel('Who may vote').selectOption('code')
        await page.getByLabel('Closes by itself').fill('2031-01-31T19:00')
      },
    ],
    [
      'for the organiser alone, opening by itself',
      async (page: Page) => {
        await page.getByLabel('Who sees the result').selectOption('never')
        await page.getByLabel('Opens by itself').fill('2031-01-31T18:00')
      },
    ],
    [
      'hidden until one has voted, for users of an application',
      async (page: Page) => {
        await page.getByLabel('Who sees the result').selectOption('after_vote')
        await page.getByLabel('Who may vote').selectOption('token')
      },
    ],
  ])('the preview says what voters will read: %s', async (_, set) => {
    const page = await visit('/')
    await page.getByRole('textbox', { name: 'Question' }).fill('Which?')
    for (const [at, text] of ['A', 'B', 'C'].entries()) {
      await row(page, at + 1).fill(text)
      await page.keyboard.press('Enter')
    }
    await page.getByText('More settings').click()
    await set(page)
    const preview = page.getByRole('group', { name: 'Preview' })
    const shown = await readAsVoter(preview)
    expect(await preview.locator(':is(input, button):not(:disabled)').count()).toBe(0)
    await make(page)
    await page.goto(await link(page, 'To vote'))
    await page.getByText('Live', { exact: true }).waitFor()
    expect(await readAsVoter(page.locator('#vote'))).toEqual(shown)
  })

  test('voting codes of a poll that asks for them are saved as a file', async () => {
    const page = await visit('/')
    await page.getByRole('textbox', { name: 'Question' }).fill('Which?')
    await row(page, 1).fill('A')
    await row(page, 2).fill('B')
    await page.getByText('More settings').click()
    await page.getByLabel('Who may vote').selectOption('code')
    await make(page)
    await page.getByLabel('Voting codes').fill('3')
    const saving = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Make codes and save them' }).click()
    const saved = await readFile(await (await saving).path(), 'utf8')
    expect(saved).toMatch(/^code\r\n(?:[0-9A-Z]{4}(?:-[0-9A-Z]{4}){3}\r\n){3}$/)
    const { pathname } = new URL(await link(page, 'To vote'))
    const [, code = ''] = saved.split('\r\n')
    const voted = await call('POST', `/polls/${pathname.slice('/p/'.length)}/vote`, {
      json: { option_id: 1 },
      headers: { 'voter-token': code },
    })
    expect(voted.status).toBe(202)
  })

  test('its links begin with the public address, as the QR code does', async () => {
    const publicUrl = 'http://polls.example.org'
    const published = await startSystem('postgres', { PUBLIC_URL: publicUrl })
    try {
      const page = await open()
      await page.goto(published.url)
      await page.getByRole('textbox', { name: 'Question' }).fill('Which?')
      await row(page, 1).fill('A')
      await row(page, 2).fill('B')
      await make(page)
      await page.getByRole('heading', { name: 'Your poll is ready' }).waitFor()
      for (const label of ['To vote', 'To manage', 'To present']) {
        expect(await link(page, label)).toMatch(/^http:\/\/polls\.example\.org\/p\/\w+/)
      }
    } finally {
      await published.stop()
    }
  })

  test('without JavaScript it says what to do instead', async () => {
    const page = await visit('/', { javaScriptEnabled: false })
    expect(await page.locator('noscript p').innerText()).toContain('Making a poll here needs JavaScript.')
  })
})

describe('what the page is made of', () => {
  test('its files are small, compressed, kept for good, and none comes from elsewhere', async () => {
    const page = await visit('/')
    const used = await page.evaluate<string[]>(`performance.getEntriesByType('resource').map(({ name }) => name)`)
    expect(used.filter((address) => !address.startsWith(url()))).toEqual([])
    let bytes = 0
    for (const address of [url(), ...used]) {
      const answer = await fetch(address, { headers: { 'accept-encoding': 'br', accept: 'text/html' } })
      // As many as went over the wire, where that is said.
      bytes += Number(answer.headers.get('content-length'))
      if (!/\.(?:js|css)$/.test(address) || /\/assets\/[\w-]{12}\//.test(address)) continue
      expect(answer.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
      expect(answer.headers.get('content-encoding')).toBe('br')
      expect(answer.headers.get('vary')).toContain('Accept-Encoding')
    }
    console.log(`${bytes} bytes for the first load`)
    expect(bytes).toBeLessThan(40 * 1024)
  })

  test.each([
    ['gzip', 'gzip'],
    ['br;q=0, gzip', 'gzip'],
    ['identity', null],
  ])('whoever takes %s gets %s', async (accepted, coding) => {
    const page = await visit('/')
    const script = await page.locator('script[src^="/assets/create"]').getAttribute('src')
    const answer = await fetch(url(`${script}`), { headers: { 'accept-encoding': accepted } })
    expect(answer.headers.get('content-encoding')).toBe(coding)
    expect(await answer.text()).toContain('create.submit')
  })

  test('a page of another version gets the files of this one, and keeps none of them', async () => {
    const page = await visit('/')
    const script = (await page.locator('script[src^="/assets/create"]').getAttribute('src')) ?? ''
    const other = await fetch(url(script.replace(/.{8}\.js$/, '0ther_V1.js')))
    expect([other.status, other.headers.get('cache-control')]).toEqual([200, 'no-store'])
    expect(await other.text()).toContain('create.submit')
    expect((await fetch(url('/assets/none-12345678.js'))).status).toBe(404)
  })
})

describe('the bare address', () => {
  test('greets a person, and has nothing for a program', async () => {
    const page = await visit('/')
    await page.getByRole('button', { name: 'Make the poll' }).waitFor()
    for (const headers of [{}, { accept: 'application/json' }]) {
      const answer = await call('GET', '/', { headers })
      expect([answer.status, answer.body.code, answer.headers.get('vary')]).toEqual([404, 'route_not_found', 'Accept'])
    }
  })
})
