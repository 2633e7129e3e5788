import { readFile } from 'node:fs/promises'
import type { BrowserContextOptions, Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { type MadePoll, usePages } from '../support/pages/use-pages.ts'
import { waitUntil } from '../support/wait-until.ts'

const { call, makePoll, open, provoke, told, url, visit, vote } = usePages()

const manage = async ({ id, token }: MadePoll, options?: BrowserContextOptions): Promise<Page> =>
  visit(`/p/${id}/manage#manage=${token}`, options)

const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true })
const press = (page: Page, name: string) => button(page, name).click()
const answer = (page: Page, name: string) => page.getByRole('dialog').getByRole('button', { name, exact: true }).click()
const stands = (page: Page, text: string) => page.locator('#standing').getByText(text).waitFor()
const says = (page: Page, text: string) => page.getByRole('status').getByText(text, { exact: true }).waitFor()
const focused = (page: Page) => page.evaluate('document.activeElement.id || document.activeElement.textContent')
const see = async ({ path, token }: MadePoll) => (await call('GET', path, { bearer: token })).body
const row = async (page: Page, text: string): Promise<readonly string[]> =>
  page.getByRole('row', { name: text }).getByRole('cell').allInnerTexts()

describe('the life of a poll', () => {
  test('is closed only once that was asked; the token is not in the address, and the focus never lost', async () => {
    const poll = await makePoll()
    const page = await manage(poll)
    await stands(page, 'People can vote now.')
    expect(page.url()).toBe(url(`/p/${poll.id}/manage`))
    expect(await page.evaluate('history.length')).toBeLessThanOrEqual(2)
    await press(page, 'Close voting')
    expect(await focused(page)).toBe('Keep it open')
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    expect([await focused(page), (await see(poll)).status]).toEqual(['Close voting', 'open'])
    await press(page, 'Close voting')
    await answer(page, 'Close it')
    await says(page, 'Voting is closed.')
    await stands(page, 'the result is final')
    // The button is gone; whoever pressed it hears where the poll stands.
    await waitUntil(async () => (await focused(page)) === 'standing')
    expect((await see(poll)).status).toBe('closed')
    await page.reload()
    await stands(page, 'the result is final')
  })

  test('goes on after its end: a new round begins once that was asked, and is opened', async () => {
    const poll = await makePoll()
    await vote(poll, 1)
    await call('POST', `${poll.path}/close`, { bearer: poll.token })
    const page = await manage(poll)
    await stands(page, 'the result is final')
    await waitUntil(async () => (await row(page, 'Tea')).join() === '1,100%')
    await press(page, 'Begin a new round')
    expect(await focused(page)).toBe('Keep the votes')
    await answer(page, 'Begin anew')
    await stands(page, 'Open it when you are ready.')
    expect(await see(poll)).toMatchObject({ status: 'draft', round: 2, total_votes: 0 })
    await press(page, 'Open voting')
    await stands(page, 'People can vote now.')
    await vote(poll, 2)
    await waitUntil(async () => (await row(page, 'Coffee')).join() === '1,100%')
  })

  test('ends for good only when the word is typed; every page of it says so', async () => {
    provoke(/\/(?:polls|p)\//)
    const poll = await makePoll()
    const [page, other] = [await manage(poll), await manage(poll)]
    for (const each of [page, other]) await stands(each, 'People can vote now.')
    await press(page, 'Delete the poll')
    const word = page.getByLabel('Type “delete” to go on')
    await word.fill('yes')
    await page.keyboard.press('Enter')
    expect([await word.inputValue(), (await see(poll)).status]).toEqual(['yes', 'open'])
    await word.fill('Delete')
    await page.keyboard.press('Enter')
    for (const each of [page, other]) {
      await each.getByRole('heading', { name: 'This poll was deleted' }).waitFor()
      // The token of what is gone is kept nowhere.
      await waitUntil(async () => (await each.evaluate('sessionStorage.length')) === 0)
    }
    expect((await call('GET', poll.path)).status).toBe(404)
    const late = await manage(poll)
    await late.getByRole('heading', { name: 'This poll is not here' }).waitFor()
  })

  test('is followed when it happens elsewhere, and what the service refuses or cannot hear is said', async () => {
    provoke(/\/close$/)
    const poll = await makePoll()
    const page = await manage(poll)
    await stands(page, 'People can vote now.')
    await page.route('**/close', (route) => route.abort())
    await press(page, 'Close voting')
    await answer(page, 'Close it')
    await page.getByRole('alert').getByText('No answer came.').waitFor()
    expect(await focused(page)).toBe('Close voting')
    await call('POST', `${poll.path}/close`, { bearer: poll.token })
    await stands(page, 'the result is final')
    expect(await button(page, 'Close voting').count()).toBe(0)
  })

  test('is shown as it is when the service is away and comes back', async () => {
    provoke(/\/events$/)
    const poll = await makePoll()
    const page = await open()
    let isCutOff = true
    await page.context().routeWebSocket('**/ws/**', async (socket) => {
      if (isCutOff) await socket.close({ code: 1012 })
      else socket.connectToServer()
    })
    await page.route('**/events', async (route) => (isCutOff ? route.abort() : route.continue()))
    await page.goto(url(`/p/${poll.id}/manage#manage=${poll.token}`))
    await says(page, 'Connecting again…')
    isCutOff = false
    await says(page, 'Live')
    await vote(poll, 1)
    await waitUntil(async () => (await row(page, 'Tea')).join() === '1,100%')
  })
})

describe('hidden results', () => {
  test('come neither to the page nor over the wire until the organiser asks, then move, and go again', async () => {
    const poll = await makePoll({ results_visibility: 'never' })
    for (const option of [2, 2, 1]) await vote(poll, option)
    await waitUntil(async () => (await see(poll)).total_votes === 3)
    const page = await manage(poll)
    await page.getByText('Nobody else sees the result of this poll.').waitFor()
    await says(page, 'Live')
    const counts = told().flatMap((text) => text.match(/"(?:votes|\w+_votes|version)":[^,}\]]+/g) ?? [])
    expect(counts.length).toBeGreaterThan(0)
    expect(counts.filter((count) => !count.endsWith(':null'))).toEqual([])
    expect(await page.getByRole('cell').count()).toBe(0)
    await press(page, 'Show it to me')
    await waitUntil(async () => (await row(page, 'Coffee')).join() === '2,67%')
    await vote(poll, 2)
    await waitUntil(async () => (await row(page, 'Coffee')).join() === '3,75%')
    await press(page, 'Hide it again')
    await page.getByRole('cell').first().waitFor({ state: 'detached' })
    expect(await page.locator('.fill').count()).toBe(0)
    await press(page, 'Show it to me')
    await page.getByRole('cell').first().waitFor()
    // What was asked for was the result of this round.
    await call('POST', `${poll.path}/reset`, { bearer: poll.token })
    await button(page, 'Show it to me').waitFor()
    expect(await page.getByRole('cell').count()).toBe(0)
  })

  test('are in no byte of the page that comes, which is the same for everybody', async () => {
    const poll = await makePoll({ results_visibility: 'never' })
    const before = await call('GET', `/p/${poll.id}/manage`)
    await vote(poll, 1)
    await waitUntil(async () => (await see(poll)).total_votes === 1)
    const after = await call('GET', `/p/${poll.id}/manage`, { bearer: poll.token })
    expect([after.status, after.text]).toEqual([200, before.text])
    expect(after.headers.get('content-security-policy')).toContain("default-src 'none'")
  })
})

describe('how it goes', () => {
  test('accepted and recorded votes, the wait between, version and round are told, and what was done', async () => {
    const poll = await makePoll()
    for (const option of [1, 2]) await vote(poll, option)
    const page = await manage(poll)
    const facts = async (): Promise<string> => (await page.locator('.facts').innerText()).replace(/\s+/g, ' ')
    const isSo = async (): Promise<boolean> =>
      /Accepted 2 Recorded 2 On their way 0 Longest wait 0 ms Round 1 Version/.test(await facts())
    // Asked for every two seconds.
    await waitUntil(isSo, { withinMs: 15_000, what: 'what the page says of it' })
    await page.getByText('Made by whoever made it').waitFor()
    await call('PATCH', poll.path, { bearer: poll.token, json: { question: 'Tea, or rather coffee?' } })
    await page.getByText('Edited with the link to manage').waitFor()
    await page.getByRole('heading', { name: 'Tea, or rather coffee?' }).waitFor()
  })
})

describe('what was done', () => {
  test('is read on once however often that is pressed, and stays where it cannot be', async () => {
    provoke(/\/audit/)
    const event = { at: '2026-01-01T00:00:00Z', action: 'poll_edited', actor: 'manage_token' }
    const page = await open()
    let isAway = true
    await page.route('**/audit', (route) =>
      route.fulfill({ json: { events: [{ ...event, id: '2' }], next_cursor: 'c' } }),
    )
    await page.route('**/audit?cursor=c', (route) =>
      isAway ? route.abort() : route.fulfill({ json: { events: [{ ...event, id: '1' }], next_cursor: null } }),
    )
    const { id, token } = await makePoll()
    await page.goto(url(`/p/${id}/manage#manage=${token}`))
    await press(page, 'Show earlier')
    await says(page, 'It cannot be read right now.')
    expect(await page.locator('.history li').count()).toBe(1)
    isAway = false
    await button(page, 'Show earlier').dblclick()
    await button(page, 'Show earlier').waitFor({ state: 'detached' })
    expect(await page.locator('.history li').count()).toBe(2)
  })

  test('cannot be seen any more once the service refuses the token', async () => {
    provoke(/\/progress$/)
    const poll = await makePoll()
    const page = await open()
    await page.route('**/progress', (route) => route.fulfill({ status: 403, json: { code: 'forbidden', detail: '' } }))
    await page.goto(url(`/p/${poll.id}/manage#manage=${poll.token}`))
    await page.getByRole('alert').getByText('This link does not manage this poll').waitFor()
    expect(await page.locator('.history').count()).toBe(0)
  })
})

describe('an edit', () => {
  test('before the opening may change everything, and sends what was changed', async () => {
    const poll = await makePoll({ draft: true, description: 'Kept.' })
    const page = await manage(poll)
    await page.getByText('Edit', { exact: true }).click()
    await page.getByLabel('Question').fill('Which?')
    await page.getByLabel('Option 1', { exact: true }).fill('Cocoa')
    await press(page, 'Add an option')
    await page.keyboard.type('Water')
    await page.getByLabel('Opens by itself').fill('2031-01-31T18:00')
    await page.getByLabel('Who sees the result').selectOption('never')
    await page.getByLabel('Who may export single votes').selectOption('organizer')
    await page.getByLabel('More than one option may be chosen').check()
    await page.getByLabel('At most').fill('2')
    await press(page, 'Save')
    await says(page, 'Saved.')
    expect(await see(poll)).toMatchObject({
      question: 'Which?',
      description: 'Kept.',
      options: [
        { id: 1, text: 'Cocoa' },
        { id: 2, text: 'Coffee' },
        { id: 3, text: 'Water' },
      ],
      type: 'multiple',
      max_choices: 2,
      opens_at: new Date('2031-01-31T18:00').toISOString(),
      results_visibility: 'never',
      voter_visibility: 'organizer',
      status: 'scheduled',
    })
    await press(page, 'Save')
    await page.getByRole('alert').getByText('Nothing is different from before.').waitFor()
  })

  test('loses nothing of what is written while it is saved', async () => {
    const poll = await makePoll()
    const page = await manage(poll)
    await page.getByText('Edit', { exact: true }).click()
    let goOn = (): void => {}
    const held = new Promise<void>((resolve) => (goOn = resolve))
    await page.route(`**${poll.path}`, async (route) => {
      if (route.request().method() === 'PATCH') await held
      await route.continue()
    })
    await page.getByLabel('Question').fill('Which?')
    await press(page, 'Save')
    await says(page, 'Saving…')
    await page.getByLabel('Description').fill('More.')
    goOn()
    await says(page, 'Saved.')
    expect(await page.getByLabel('Description').inputValue()).toBe('More.')
    await press(page, 'Save')
    await waitUntil(async () => (await see(poll)).description === 'More.')
  })

  test('once it is open corrects texts and moves the close; what others changed meanwhile stays', async () => {
    const poll = await makePoll()
    const page = await manage(poll)
    await page.getByText('Edit', { exact: true }).click()
    expect([await button(page, 'Add an option').count(), await page.getByLabel('Opens by itself').count()]).toEqual([
      0, 0,
    ])
    await page.getByLabel('Option 2', { exact: true }).fill('')
    await press(page, 'Save')
    await page.getByRole('alert').getByText('Every option needs a text.').waitFor()
    await page.getByLabel('Option 2', { exact: true }).fill('Coffee, black')
    await page.getByLabel('Closes by itself').fill('2031-01-31T18:00')
    await call('PATCH', poll.path, { bearer: poll.token, json: { question: 'Hers?' } })
    await page.getByText('The poll was changed meanwhile by somebody else.').waitFor()
    await press(page, 'Save')
    await says(page, 'Saved.')
    expect(await see(poll)).toMatchObject({
      question: 'Hers?',
      options: [{ text: 'Tea' }, { text: 'Coffee, black' }],
      closes_at: new Date('2031-01-31T18:00').toISOString(),
    })
    expect(await page.getByLabel('Question').inputValue()).toBe('Hers?')
    await stands(page, 'It closes by itself at')
  })
})

describe('files', () => {
  test('of totals, single votes and everything are what the organiser may have; secret votes are in none', async () => {
    const poll = await makePoll({ voter_visibility: 'organizer', results_visibility: 'never' })
    await vote(poll, 2)
    await waitUntil(async () => (await see(poll)).total_votes === 1)
    const page = await manage(poll)
    const save = async (name: string): Promise<string> => {
      const saving = page.waitForEvent('download')
      await press(page, name)
      return readFile(await (await saving).path(), 'utf8')
    }
    expect(await save('Totals, for a spreadsheet')).toContain('2,"Coffee",1,100,1,')
    expect(await save('Single votes, for a spreadsheet')).toMatch(/"v_\w+",2,"Coffee"/)
    expect(JSON.parse(await save('Everything, for programs'))).toMatchObject({
      totals: { total_votes: 1 },
      votes: [{ option_ids: [2] }],
    })
    const secret = await manage(await makePoll())
    await secret.getByText('This poll keeps single votes secret, from you too.').waitFor()
    expect(await button(secret, 'Single votes, for a spreadsheet').count()).toBe(0)
  })

  test('of voting codes are made for a poll that asks for them', async () => {
    const poll = await makePoll({ voter_identity: 'code' })
    const page = await manage(poll)
    await page.getByLabel('Voting codes', { exact: true }).getByRole('spinbutton').fill('3')
    const saving = page.waitForEvent('download')
    await press(page, 'Make codes and save them')
    const saved = await readFile(await (await saving).path(), 'utf8')
    expect(saved).toMatch(/^code\r\n(?:[0-9A-Z]{4}(?:-[0-9A-Z]{4}){3}\r\n){3}$/)
    await page.getByText('Voting codes made with the link to manage').waitFor()
  })
})

describe('whoever comes without the token', () => {
  test('is asked for the link, told what is wrong with it, and let in with the right one', async () => {
    provoke(/\/ticket$/)
    const [poll, other] = await Promise.all([makePoll({ results_visibility: 'never' }), makePoll()])
    const page = await visit(`/p/${poll.id}/manage`)
    await page.getByRole('heading', { name: 'This page needs the link to manage the poll' }).waitFor()
    const field = page.getByLabel('Link to manage, or its token')
    for (const [pasted, problem] of [
      ['', 'Paste the link'],
      ['Let me in', 'neither a link to manage a poll nor a token'],
      [url(`/p/${other.id}/manage#manage=${other.token}`), 'That link is of another poll.'],
    ] as const) {
      await field.fill(pasted)
      await page.keyboard.press('Enter')
      await page.getByRole('alert').getByText(problem).waitFor()
    }
    await field.fill(other.token)
    await press(page, 'Manage')
    await page.getByRole('alert').getByText('This link does not manage this poll').waitFor()
    expect(await page.getByRole('button', { name: 'Close voting' }).count()).toBe(0)
    await field.fill(url(`/p/${poll.id}#manage=${poll.token}`))
    await press(page, 'Manage')
    await stands(page, 'People can vote now.')
    await page.reload()
    await stands(page, 'People can vote now.')
  })

  test('is not let in by what is no token of this poll, and it is forgotten', async () => {
    provoke(/\/ticket$/)
    const [poll, other] = await Promise.all([makePoll(), makePoll()])
    for (const token of [other.token, 'x', '%0A"']) {
      const page = await visit(`/p/${poll.id}/manage#manage=${token}`)
      await page.getByRole('alert').getByText('This link does not manage this poll').waitFor()
      expect(page.url()).toBe(url(`/p/${poll.id}/manage`))
      await page.reload()
      await page.getByRole('heading', { name: 'This page needs the link' }).waitFor()
    }
  })

  test('manages the poll once the link is followed on the page that is open already', async () => {
    const poll = await makePoll()
    const page = await visit(`/p/${poll.id}/manage`)
    await page.getByRole('heading', { name: 'This page needs the link' }).waitFor()
    await page.goto(url(`/p/${poll.id}/manage#manage=${poll.token}`))
    await stands(page, 'People can vote now.')
    expect(page.url()).toBe(url(`/p/${poll.id}/manage`))
  })

  test('hears that a poll is not there, and without JavaScript what to do instead', async () => {
    provoke(/nosuchpoll12/)
    const nowhere = await visit('/p/nosuchpoll12/manage')
    expect(await nowhere.locator('h1').innerText()).toBe('This poll is not here')
    const { id } = await makePoll()
    const page = await visit(`/p/${id}/manage`, { javaScriptEnabled: false })
    expect(await page.locator('h1').innerText()).toBe('Tea or coffee?')
    expect(await page.locator('noscript p').innerText()).toContain('Managing a poll here needs JavaScript.')
  })
})

test('nothing is wider than a phone, whatever the poll says', async () => {
  const long = 'Wirtschaftswissenschaftlerinnen'.repeat(7).slice(0, 200)
  const poll = await makePoll({
    question: long.repeat(2),
    options: Array.from({ length: 100 }, (_, at) => `${at} ${long}`.slice(0, 200)),
    draft: true,
  })
  const page = await manage(poll, { viewport: { width: 320, height: 640 } })
  await says(page, 'Live')
  await page.getByText('Edit', { exact: true }).click()
  await page.getByRole('textbox', { name: 'Option 100', exact: true }).waitFor()
  expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true)
})
