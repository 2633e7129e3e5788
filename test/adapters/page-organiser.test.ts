import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
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

type MadePoll = { readonly id: string; readonly path: string; readonly token: string }

const makePoll = async (more: object = {}): Promise<MadePoll> => {
  const options = ['Tea', 'Coffee']
  const { body } = await call('POST', '/polls', { json: { question: 'Tea or coffee?', options, ...more } })
  return { id: body.id, path: `/polls/${body.id}`, token: body.manage_token }
}

const faultsOfPages: string[] = []

const visit = async ({ id }: Pick<MadePoll, 'id'>, fragment = ''): Promise<Page> => {
  const page = await openPage(browser, faultsOfPages)
  await page.goto(`${system.url}/p/${id}${fragment}`)
  return page
}

afterEach(async () => {
  for (const context of browser.contexts()) await context.close()
  const faults = [...faultsOfPages.splice(0), ...system.logged.splice(0)]
  if (faults.length > 0) throw new Error(`faults: ${faults.join('\n')}`)
})

const bar = (page: Page) => page.locator('#manage')
const press = (page: Page, name: string) => bar(page).getByRole('button', { name, exact: true }).click()
const status = async ({ path }: MadePoll): Promise<string> => (await call('GET', path)).body.status

describe('the organiser’s bar', () => {
  test('closes the poll, and the token is not in the address', async () => {
    const poll = await makePoll()
    const page = await visit(poll, `#manage=${poll.token}`)
    await bar(page).getByText('Open. People can vote now.').waitFor()
    expect(page.url()).toBe(`${system.url}/p/${poll.id}`)
    expect(await page.evaluate('history.length')).toBeLessThanOrEqual(2)
    await press(page, 'Close')
    await bar(page).getByText('Closed. The result is final.').waitFor()
    expect(await status(poll)).toBe('closed')
    await page.locator('main').getByText('Final result').waitFor()
    // The button is gone; whoever pressed it is still in the bar.
    expect(await page.evaluate('document.activeElement.id')).toBe('manage-standing')
    await page.reload()
    await bar(page).getByText('Closed. The result is final.').waitFor()
  })

  test('hears of a close within the second for which browsers may keep what everybody sees', async () => {
    const poll = await makePoll()
    const page = await visit(poll, `#manage=${poll.token}`)
    await bar(page).getByText('Open. People can vote now.').waitFor()
    const hasRead = page.waitForResponse((response) => new URL(response.url()).pathname === poll.path)
    const reloaded = page.reload()
    await hasRead
    await call('POST', `${poll.path}/close`, { bearer: poll.token })
    await reloaded
    await bar(page).getByText('Closed. The result is final.').waitFor()
    expect(await status(poll)).toBe('closed')
  })

  test('opens a draft, and resets only after it has asked', async () => {
    const poll = await makePoll({ draft: true })
    const page = await visit(poll, `#manage=${poll.token}`)
    await press(page, 'Open')
    await page.locator('main').getByRole('button', { name: 'Vote' }).waitFor()
    await call('POST', `${poll.path}/vote`, { json: { option_id: 1 } })
    await waitUntil(async () => (await page.locator('#total').textContent()) === '1')
    await press(page, 'Reset')
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Keep it')
    await page.keyboard.press('Escape')
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Reset')
    expect(await status(poll)).toBe('open')
    await press(page, 'Reset')
    await press(page, 'Yes, reset')
    await bar(page).getByText('Not open yet.').waitFor()
    expect((await call('GET', poll.path)).body).toMatchObject({ status: 'draft', round: 2, total_votes: 0 })
  })

  test('shows the organiser alone what is hidden, and keeps it moving', async () => {
    const poll = await makePoll({ results_visibility: 'never' })
    const [page, stranger] = await Promise.all([visit(poll, `#manage=${poll.token}`), visit(poll)])
    await bar(page).getByText('Only you see the result.').waitFor()
    await page.getByText('Live').waitFor()
    await call('POST', `${poll.path}/vote`, { json: { option_id: 2 } })
    await waitUntil(async () => (await page.locator('.share').last().textContent()) === '100%')
    await call('PATCH', poll.path, { bearer: poll.token, json: { question: 'Tea, or rather coffee?' } })
    for (const each of [page, stranger]) await each.getByRole('heading', { name: 'or rather coffee?' }).waitFor()
    expect([await page.locator('.share').count(), await stranger.locator('.share').count()]).toEqual([2, 0])
    expect(await bar(stranger).count()).toBe(0)
  })

  test('follows what happens elsewhere, and says what the service refuses', async () => {
    const poll = await makePoll()
    const page = await visit(poll, `#manage=${poll.token}`)
    await page.route('**/close', (route) => route.abort())
    await press(page, 'Close')
    await bar(page).getByRole('alert').getByText('The service could not be reached.').waitFor()
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Close')
    await call('POST', `${poll.path}/close`, { bearer: poll.token })
    await bar(page).getByText('Closed. The result is final.').waitFor()
    expect(await bar(page).getByRole('button', { name: 'Close' }).count()).toBe(0)
    await call('DELETE', poll.path, { bearer: poll.token })
    await page.getByRole('heading', { name: 'This poll is not here' }).waitFor()
    expect(await bar(page).count()).toBe(0)
  })

  test('is not given to the token of another poll, and says so', async () => {
    const [poll, other] = await Promise.all([makePoll({ results_visibility: 'never' }), makePoll()])
    for (const token of [other.token, 'x', '%0A"']) {
      const page = await visit(poll, `#manage=${token}`)
      await bar(page).getByText('This link does not manage this poll').waitFor()
      expect(page.url()).toBe(`${system.url}/p/${poll.id}`)
      await page.getByRole('button', { name: 'Vote' }).waitFor()
      expect([await page.locator('.share').count(), await page.getByRole('button', { name: 'Close' }).count()]).toEqual(
        [0, 0],
      )
      await page.reload()
      await page.getByRole('button', { name: 'Vote' }).waitFor()
      expect(await bar(page).count()).toBe(0)
    }
  })

  test('comes to whoever follows the link on the page that is open already', async () => {
    const poll = await makePoll()
    const page = await visit(poll)
    await page.getByText('Live').waitFor()
    expect(await bar(page).count()).toBe(0)
    await page.goto(`${system.url}/p/${poll.id}#manage=${poll.token}`)
    await bar(page).getByText('Open. People can vote now.').waitFor()
    expect(page.url()).toBe(`${system.url}/p/${poll.id}`)
  })
})

describe('the bare address', () => {
  test('greets a person, and has nothing for a program', async () => {
    const page = await openPage(browser, faultsOfPages)
    await page.goto(system.url)
    await page.getByRole('button', { name: 'Make the poll' }).waitFor()
    for (const headers of [{}, { accept: 'application/json' }]) {
      const answer = await call('GET', '/', { headers })
      expect([answer.status, answer.body.code, answer.headers.get('vary')]).toEqual([404, 'route_not_found', 'Accept'])
    }
  })
})
