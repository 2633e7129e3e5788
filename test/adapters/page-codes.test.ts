import type { BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createVotingCodes } from '../../src/application/voting-codes.ts'
import type { Poll } from '../../src/domain/poll.ts'
import { liveSecrets } from '../support/live-door.ts'
import { type LiveSide, startLiveSide } from '../support/live-side.ts'
import { type LiveSite, startLiveSite } from '../support/live-site.ts'
import { useBrowser } from '../support/pages/use-browser.ts'
import { waitUntil } from '../support/wait-until.ts'

const votingCodes = createVotingCodes(liveSecrets)
let side: LiveSide
let site: LiveSite

beforeAll(async () => {
  side = await startLiveSide('postgres')
  site = await startLiveSite(side)
}, 60_000)
afterAll(async () => {
  await site.stop()
  await side.stop()
})
const { open, provoke } = useBrowser(() => site.faults.map(String))

async function openPoll(said: Partial<Poll> = {}): Promise<{ readonly poll: Poll; readonly codes: readonly string[] }> {
  const poll = await side.create({ voterIdentity: 'code', closesAt: null, allowVoteChange: false, ...said })
  await site.open(poll)
  return { poll, codes: votingCodes.draw(poll.id, 2).map(({ code }) => code) }
}

async function visit({ id }: Poll, hash = '', options: BrowserContextOptions = {}): Promise<Page> {
  const page = await open(options)
  await page.goto(`${site.origin}/p/${id}${hash}`)
  return page
}

const field = (page: Page) => page.getByRole('textbox', { name: 'Your voting code' })

async function vote(page: Page, option: string, button = 'Vote'): Promise<void> {
  await page.getByRole('radio', { name: option }).check()
  await page.getByRole('button', { name: button, exact: true }).click()
}

describe('the page of a poll of codes, with JavaScript', () => {
  test('a person types a code, however it comes out, votes with it and sees it counted; the next person at the device begins anew', async () => {
    provoke(/\/vote$/)
    const { poll, codes } = await openPoll()
    const [first = '', second = ''] = codes
    const page = await visit(poll)
    await vote(page, 'Tea')
    expect(await page.evaluate('document.activeElement.validity.valueMissing')).toBe(true)
    await field(page).fill(' – ')
    await vote(page, 'Tea')
    await page.getByRole('alert').getByText('Please enter your voting code.').waitFor()
    await field(page).fill(first.replace(/.$/, (last) => (last === '0' ? '1' : '0')))
    await vote(page, 'Tea')
    await page.getByRole('alert').getByText('This voting code is not one of this poll.').waitFor()
    await field(page).fill(first.toLowerCase().replaceAll('-', ' – '))
    await vote(page, 'Tea')
    await page.getByText('You voted for Tea.').waitFor()
    await side.vote(poll, 1)
    await page.locator('.share', { hasText: '100%' }).waitFor()

    await page.getByRole('link', { name: 'Vote with another code' }).click()
    await field(page).fill(first)
    await vote(page, 'Coffee')
    await page.getByRole('alert').getByText('has been used already.').waitFor()
    await page.reload()
    expect(await field(page).inputValue()).toBe('')
    await field(page).fill(second)
    await vote(page, 'Coffee')
    await page.getByText('You voted for Coffee.').waitFor()
  })

  test('a link brings the code, which leaves the address at once, and the page with the vote, not before', async () => {
    const { poll, codes } = await openPoll()
    const [first = '', second = ''] = codes
    const page = await visit(poll, `#code=${first}`)
    await page.waitForURL(`${site.origin}/p/${poll.id}`)
    // It is written there a moment after it has left the address.
    await waitUntil(async () => (await field(page).inputValue()) === first)
    await page.evaluate(`location.hash = 'code=${second}'`)
    await waitUntil(async () => (await field(page).inputValue()) === second)
    const shown: string[] = []
    page.on('request', (request) => {
      if (JSON.stringify(request.headers()).includes(second.replaceAll('-', ''))) shown.push(request.method())
      expect(request.url()).not.toContain(second)
    })
    await vote(page, 'Tea')
    await page.getByText('You voted for Tea.').waitFor()
    expect(shown[0]).toBe('POST')
  })

  test('a vote that waits at a shared device goes out unseen, and leaves the next person’s code alone', async () => {
    provoke(/./)
    const { poll, codes } = await openPoll()
    const [first = '', second = ''] = codes
    const page = await visit(poll, `#code=${first}`)
    await page.getByText('Live').waitFor()
    await page.context().setOffline(true)
    await vote(page, 'Tea')
    await page.getByText('Your vote is kept on this device').waitFor()
    await page.goto('about:blank')
    await page.context().setOffline(false)
    await page.goto(`${site.origin}/p/${poll.id}#code=${second}`)
    await waitUntil(async () => (await page.evaluate('localStorage.length')) === 0)
    const answer = await fetch(`${site.origin}/polls/${poll.id}/vote`, { headers: { 'voter-token': first } })
    expect(await answer.json()).toMatchObject({ vote: { option_ids: [1] } })
    expect([await field(page).inputValue(), await page.getByText('You voted for').count()]).toEqual([second, 0])
    await vote(page, 'Coffee')
    await page.getByText('You voted for Coffee.').waitFor()
  })

  test('what is typed stays when the page is made anew', async () => {
    const { poll, codes } = await openPoll()
    const [code = ''] = codes
    const page = await visit(poll)
    await page.getByText('Live').waitFor()
    await field(page).fill(code)
    await side.tell(await side.edit(poll, { question: 'Tea or rather coffee?' }))
    await page.getByRole('heading', { name: 'Tea or rather coffee?' }).waitFor()
    expect(await field(page).inputValue()).toBe(code)
  })

  test('results that are shown after voting appear and move; the vote is changed and taken back with the same code', async () => {
    const { poll, codes } = await openPoll({ resultsVisibility: 'after_vote', allowVoteChange: true })
    await side.vote(poll, 1)
    const page = await visit(poll, `#code=${codes[0]}`)
    await page.getByText('You will see the result once you have voted.').waitFor()
    await vote(page, 'Coffee')
    await page.getByText('You voted for Coffee.').waitFor()
    await waitUntil(async () => (await page.locator('.share').count()) === 3)
    await page.getByText('Live').waitFor()
    await side.vote(poll, 2)
    await page.locator('.option', { hasText: 'Coffee' }).locator('.share', { hasText: '50%' }).waitFor()
    await vote(page, 'Neither', 'Change vote')
    await page.getByText('You voted for Neither.').waitFor()
    await page.getByRole('button', { name: 'Take it back' }).click()
    await page.getByText('Your vote was taken back.').waitFor()
  })
})

describe('the page of a poll of codes, without JavaScript', () => {
  const visitPlain = (poll: Poll): Promise<Page> => visit(poll, '', { javaScriptEnabled: false })

  test('a person votes with a code, sees the own vote and the result, and reading the page again votes no second time', async () => {
    const { poll, codes } = await openPoll({ resultsVisibility: 'after_vote' })
    await side.vote(poll, 1)
    const page = await visitPlain(poll)
    await field(page).fill(codes[0]?.replaceAll('-', ' ') ?? '')
    await vote(page, 'Coffee')
    await page.getByText('You voted for Coffee.').waitFor()
    expect(await page.locator('.share').count()).toBe(3)
    await page.reload()
    await page.getByText('You voted for Coffee.').waitFor()
    await page.getByRole('link', { name: 'Vote with another code' }).click()
    expect(await field(page).inputValue()).toBe('')
  })

  test('what is wrong with a code is said on the page, and code and choice are kept', async () => {
    provoke(/\/p\//)
    const { poll, codes } = await openPoll({ resultsVisibility: 'after_vote' })
    const page = await visitPlain(poll)
    const wrong = '"><b>0123-4567'
    await field(page).fill(wrong)
    await vote(page, 'Coffee')
    await page.getByRole('alert').getByText('This voting code is not one of this poll.').waitFor()
    expect(await field(page).inputValue()).toBe(wrong)
    expect(await page.getByRole('radio', { name: 'Coffee' }).isChecked()).toBe(true)
    await field(page).fill(codes[0] ?? '')
    await vote(page, 'Coffee')
    await page.getByRole('link', { name: 'Vote with another code' }).click()
    await field(page).fill(codes[0] ?? '')
    await vote(page, 'Tea')
    await page.getByRole('alert').getByText('has been used already.').waitFor()
  })

  test('a vote can be changed and taken back with its code', async () => {
    const { poll, codes } = await openPoll({ allowVoteChange: true })
    const page = await visitPlain(poll)
    await field(page).fill(codes[0] ?? '')
    await vote(page, 'Tea')
    await page.getByText('You voted for Tea.').waitFor()
    await vote(page, 'Neither', 'Change vote')
    await page.getByText('You voted for Neither.').waitFor()
    await page.getByRole('button', { name: 'Take it back' }).click()
    await page.getByRole('button', { name: 'Vote', exact: true }).waitFor()
    expect(await page.getByText('You voted for').count()).toBe(0)
  })
})
