import type { BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Poll } from '../../src/domain/poll.ts'
import { findFreePorts } from '../support/free-ports.ts'
import { type LiveSide, startLiveSide } from '../support/live-side.ts'
import { type LiveSite, startLiveSite } from '../support/live-site.ts'
import { useBrowser } from '../support/pages/use-browser.ts'
import { waitUntil } from '../support/wait-until.ts'

const attack = `"><img src=x onerror="window.attacked=1"><script>window.attacked=1</script>`

let side: LiveSide
let site: LiveSite

beforeAll(async () => {
  side = await startLiveSide('redis')
  site = await startLiveSite(side)
}, 60_000)
afterAll(async () => {
  await site.stop()
  await side.stop()
})
const { open, provoke } = useBrowser(() => site.faults.map(String))

const openPoll = async (said: Partial<Poll> = {}): Promise<Poll> => {
  const poll = await side.create({ closesAt: Date.now() + 3_600_000, allowVoteChange: false, ...said })
  await site.open(poll)
  return poll
}

const visit = async (poll: Pick<Poll, 'id'>, options: BrowserContextOptions = {}, at = site): Promise<Page> => {
  const page = await open(options)
  await page.goto(`${at.origin}/p/${poll.id}`)
  return page
}

const option = (page: Page, text: string) => page.locator('.option', { hasText: text })
const share = (page: Page, text: string) => option(page, text).locator('.share').textContent()

describe('the page, with JavaScript', () => {
  test('a person votes, is told what for, and sees the bars move', async () => {
    const poll = await openPoll()
    await side.vote(poll, 1)
    const page = await visit(poll)
    await page.getByRole('radio', { name: 'Coffee' }).check()
    await page.getByRole('button', { name: 'Vote' }).click()
    await page.getByText('You voted for Coffee.').waitFor()
    expect(await page.evaluate('document.activeElement.id')).toBe('notice')
    expect(await page.getByRole('radio').count()).toBe(0)
    await side.vote(poll, 2)
    await side.vote(poll, 2, 2)
    await waitUntil(async () => (await share(page, 'Coffee')) === '75%')
    expect(await page.locator('.total').innerText()).toBe('4 votes')
    expect(await option(page, 'Coffee').locator('rect').getAttribute('transform')).toBe('scale(0.7500 1)')
    await page.reload()
    await page.getByText('You voted for Coffee.').waitFor()
  })

  test('somebody else’s vote moves the bars and leaves my choice alone', async () => {
    const poll = await openPoll()
    const page = await visit(poll)
    await page.getByText('Live').waitFor()
    await page.getByRole('radio', { name: 'Tea' }).check()
    await side.vote(poll, 2)
    await waitUntil(async () => (await share(page, 'Coffee')) === '100%')
    await side.tell(await side.edit(poll, { question: 'Tea or rather coffee?' }))
    await page.getByRole('heading', { name: 'Tea or rather coffee?' }).waitFor()
    expect(await page.getByRole('radio', { name: 'Tea' }).isChecked()).toBe(true)
  })

  test('the same vote is sent again with the same key until it is answered, and counts once', async () => {
    provoke(/\/vote$/)
    const poll = await openPoll()
    const page = await visit(poll)
    const keys: (string | undefined)[] = []
    await page.route('**/vote', async (route) => {
      keys.push(route.request().headers()['idempotency-key'])
      if (keys.length === 1) return route.abort()
      // The second reaches the service, but its answer is lost.
      if (keys.length === 2) {
        await route.fetch()
        return route.abort()
      }
      return route.continue()
    })
    await page.getByRole('radio', { name: 'Neither' }).check()
    await page.getByRole('button', { name: 'Vote' }).click()
    await page.getByText('You voted for Neither.').waitFor()
    expect(keys).toHaveLength(3)
    expect(new Set(keys).size).toBe(1)
    const { rows } = await side.database.pool.query(
      'select 1 from door_voter v join door d using (door_id) where d.poll_id = $1',
      [poll.id],
    )
    expect(rows).toHaveLength(1)
  })

  test('a vote can be changed and taken back where the poll allows it', async () => {
    const poll = await openPoll({ allowVoteChange: true })
    const page = await visit(poll)
    await page.getByRole('radio', { name: 'Tea' }).check()
    await page.getByRole('button', { name: 'Vote' }).click()
    await page.getByText('You voted for Tea.').waitFor()
    await page.getByRole('radio', { name: 'Coffee' }).check()
    await page.getByRole('button', { name: 'Change vote' }).click()
    await page.getByText('You voted for Coffee.').waitFor()
    await page.getByRole('button', { name: 'Take it back' }).click()
    await page.getByText('Your vote was taken back.').waitFor()
    expect(await page.getByRole('radio', { checked: true }).count()).toBe(0)
  })

  test('what the service refuses is said on the page', async () => {
    const poll = await openPoll({ type: 'multiple', maxChoices: 2 })
    const page = await visit(poll)
    await page.getByRole('button', { name: 'Vote' }).click()
    await page.getByRole('alert').getByText('Please choose something first.').waitFor()
    for (const name of ['Tea', 'Coffee', 'Neither']) await page.getByRole('checkbox', { name }).check()
    await page.getByRole('button', { name: 'Vote' }).click()
    await page.getByRole('alert').getByText('Please choose at most 2.').waitFor()
    expect(await page.getByRole('checkbox', { checked: true }).count()).toBe(3)
  })

  test('results that are shown after voting appear, and move, once one has voted', async () => {
    const poll = await openPoll({ resultsVisibility: 'after_vote' })
    await side.vote(poll, 1)
    const page = await visit(poll)
    await page.getByText('You will see the result once you have voted.').waitFor()
    expect(await page.locator('.share').count()).toBe(0)
    await page.getByRole('radio', { name: 'Coffee' }).check()
    await page.getByRole('button', { name: 'Vote' }).click()
    await waitUntil(async () => (await page.locator('.share').count()) === 3)
    await side.vote(poll, 2)
    await waitUntil(async () => (await share(page, 'Coffee')) === '50%')
  })

  test('the page follows the poll through its life', async () => {
    const scheduled = await side.create({ status: 'scheduled', opensAt: Date.now() + 60_000, closesAt: null })
    const page = await visit(scheduled)
    await page.getByText('Voting has not begun yet.').waitFor()
    const opened = await side.edit(scheduled, { status: 'open', opensAt: null })
    await side.tell(opened)
    await page.getByRole('button', { name: 'Vote' }).waitFor()
    await side.record(opened, 3)
    await side.tell(await side.edit(opened, { status: 'closed', closedAt: 1 }))
    await page.getByText('Final result').waitFor()
    await waitUntil(async () => (await share(page, 'Neither')) === '100%')
  })

  test('a poll that is deleted leaves the page', async () => {
    provoke(/\/polls\//)
    const poll = await openPoll()
    const page = await visit(poll)
    await page.getByText('Live').waitFor()
    await side.tell(await side.edit(poll, { status: 'deleted' }))
    await page.getByRole('heading', { name: 'This poll is not here' }).waitFor()
    expect(await page.getByRole('radio').count()).toBe(0)
  })

  test('a page that lost its connection says so, and comes back with what it missed', async () => {
    provoke(/./)
    const poll = await openPoll()
    // One that no outgoing connection is given while nobody listens there.
    const [port = 0] = await findFreePorts(1)
    const own = await startLiveSite(side, { port })
    const page = await visit(poll, {}, own)
    await page.getByText('Live').waitFor()
    await own.stop()
    await page.getByText('Connecting again…').waitFor()
    await side.vote(poll, 1)
    const again = await startLiveSite(side, { port })
    await waitUntil(async () => (await share(page, 'Tea')) === '100%', { withinMs: 15_000 })
    await page.getByText('Live').waitFor()
    await page.close()
    await again.stop()
  })

  test('where no WebSocket gets through, the bars move over server-sent events', async () => {
    provoke(/\/ws\//)
    const poll = await openPoll()
    const own = await startLiveSite(side, { hasSockets: false })
    const page = await visit(poll, {}, own)
    await waitUntil(() => own.streamCount() === 1, { withinMs: 15_000 })
    await side.vote(poll, 1)
    await waitUntil(async () => (await share(page, 'Tea')) === '100%')
    await page.close()
    await own.stop()
  })

  test('texts that look like programs are texts', async () => {
    const options = [1, 2].map((id) => ({ id, text: `${attack}${id}`, position: id - 1 }))
    const poll = await openPoll({ question: attack, description: attack, options, allowVoteChange: true })
    const page = await visit(poll)
    await page.getByText('Live').waitFor()
    await page.getByRole('radio').first().check()
    await page.getByRole('button', { name: 'Vote' }).click()
    await page.getByText('You voted for').waitFor()
    await side.vote(poll, 2)
    await waitUntil(async () => (await page.locator('#total').textContent()) === '1 vote')
    expect(await page.evaluate('window.attacked')).toBeUndefined()
    expect(await page.locator('img').count()).toBe(0)
    expect(await page.getByRole('heading').innerText()).toBe(attack)
  })

  test('100 long options do not overflow the smallest phone, and are easy to hit', async () => {
    const options = Array.from({ length: 100 }, (_, index) => ({
      id: index + 1,
      text: 'x'.repeat(200),
      position: index,
    }))
    const poll = await openPoll({ question: 'W'.repeat(500), options, nextOptionId: 101 })
    const page = await visit(poll, { viewport: { width: 320, height: 568 } })
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(320)
    // The button stays where a thumb reaches it.
    const button = await page.getByRole('button', { name: 'Vote' }).boundingBox()
    expect(button?.y).toBeGreaterThan(450)
    expect(button?.height).toBeGreaterThanOrEqual(44)
    await page
      .locator('.option')
      .first()
      .click({ position: { x: 270, y: 20 } })
    expect(await page.getByRole('radio').first().isChecked()).toBe(true)
  })
})

describe('the page, without JavaScript', () => {
  const visitPlain = (poll: Pick<Poll, 'id'>): Promise<Page> => visit(poll, { javaScriptEnabled: false })

  test('a person votes, is told what for, and reading the page again does not vote again', async () => {
    const poll = await openPoll()
    const page = await visitPlain(poll)
    await page.getByRole('radio', { name: 'Tea' }).check()
    await page.getByRole('button', { name: 'Vote' }).click()
    await page.getByText('You voted for Tea.').waitFor()
    await page.reload()
    await page.getByText('You voted for Tea.').waitFor()
    await side.vote(poll, 1)
    await waitUntil(async () => {
      await page.reload()
      return (await share(page, 'Tea')) === '100%'
    })
  })

  test('what is wrong is said on the page, and the choice is kept', async () => {
    provoke(/\/p\//)
    const poll = await openPoll({ type: 'multiple', maxChoices: 2 })
    const page = await visitPlain(poll)
    for (const name of ['Tea', 'Coffee', 'Neither']) await page.getByRole('checkbox', { name }).check()
    await page.getByRole('button', { name: 'Vote' }).click()
    await page.getByRole('alert').getByText('Choose at most 2 options.').waitFor()
    expect(await page.getByRole('checkbox', { checked: true }).count()).toBe(3)
  })

  test('a vote can be changed and taken back', async () => {
    const poll = await openPoll({ allowVoteChange: true })
    const page = await visitPlain(poll)
    await page.getByRole('radio', { name: 'Tea' }).check()
    await page.getByRole('button', { name: 'Vote' }).click()
    await page.getByRole('radio', { name: 'Neither' }).check()
    await page.getByRole('button', { name: 'Change vote' }).click()
    await page.getByText('You voted for Neither.').waitFor()
    await page.getByRole('button', { name: 'Take it back' }).click()
    await page.getByRole('button', { name: 'Vote', exact: true }).waitFor()
    expect(await page.getByText('You voted for').count()).toBe(0)
  })

  test('a form that was drawn before the poll began anew does not count after it', async () => {
    const poll = await openPoll({ round: 2 })
    const page = await visitPlain(poll)
    expect(await page.locator('input[name=round]').inputValue()).toBe('2')
    const late = await post(poll.id, 'do=cast&option=1&round=1')
    expect([late.status, late.headers.get('set-cookie')]).toEqual([409, null])
    expect(await late.text()).toContain('The poll has begun anew')
    for (const round of ['2', '', 'x']) expect((await post(poll.id, `option=1&round=${round}`)).status).toBe(303)
  })

  test('in a poll that recognises nobody the thanks come once, and a form sent twice votes once', async () => {
    const poll = await openPoll({ voterIdentity: 'none' })
    const page = await visitPlain(poll)
    await page.getByRole('radio', { name: 'Tea' }).check()
    await page.getByRole('button', { name: 'Vote' }).click()
    await page.getByText('Thank you, your vote counts.').waitFor()
    await page.getByRole('link', { name: 'Vote again' }).click()
    await page.getByRole('button', { name: 'Vote' }).waitFor()
    const key = '5f0c1f0e-9d58-4f0b-a3ff-8b2b1b0a9c11'
    const sent = await Promise.all([1, 2].map(() => post(poll.id, `do=cast&option=2&key=${key}`)))
    expect(sent.map(({ status }) => status)).toEqual([303, 303])
    const { rows } = await side.database.pool.query(
      'select 1 from door_voter v join door d using (door_id) where d.poll_id = $1',
      [poll.id],
    )
    expect(rows).toHaveLength(2)
  })
})

const post = (pollId: string, body: string, headers: Record<string, string> = {}) =>
  fetch(`${site.origin}/p/${pollId}`, {
    method: 'POST',
    body,
    redirect: 'manual',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
  })

describe('the address of the page', () => {
  test('a form that another site sends is not counted', async () => {
    const poll = await openPoll()
    for (const headers of [
      { origin: 'https://elsewhere.example' },
      { origin: 'null' },
      { 'sec-fetch-site': 'cross-site', origin: site.origin },
      { 'sec-fetch-site': 'same-site', origin: site.origin },
    ]) {
      const answer = await post(poll.id, 'do=cast&option=1', headers)
      expect([answer.status, answer.headers.get('set-cookie')]).toEqual([403, null])
      expect(await answer.text()).toContain('This vote was sent from another site')
    }
    const own = await post(poll.id, 'do=cast&option=1', { 'sec-fetch-site': 'same-origin', origin: site.origin })
    expect([own.status, own.headers.get('location')]).toEqual([303, `/p/${poll.id}?voted`])
    expect(own.headers.get('set-cookie')).toMatch(/^tallycast_session=[^;]+; .*HttpOnly; SameSite=Lax/)
  })

  test('an unknown poll is a friendly 404', async () => {
    for (const id of ['nosuchpoll12', '%3Cscript%3E', '%00', 'x'.repeat(300)]) {
      const answer = await fetch(`${site.origin}/p/${id}`)
      expect([id, answer.status]).toEqual([id, 404])
      expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8')
      expect(await answer.text()).toContain('This poll is not here')
    }
  })

  test('an address that is none leads people on, and tells programs in JSON', async () => {
    for (const path of ['/nowhere', '/J', '/p', '/docs/static/nothing.css']) {
      const answer = await fetch(`${site.origin}${path}`, { headers: { accept: 'text/html', 'accept-language': 'es' } })
      expect([path, answer.status, answer.headers.get('vary')]).toEqual([path, 404, 'Accept, Accept-Language, Cookie'])
      expect(answer.headers.get('content-security-policy')).toMatch(/default-src 'none';.*frame-ancestors 'none'/)
      const page = await answer.text()
      expect(page).toContain('Aquí no hay ninguna página')
      expect(page).toContain('href="/j"')
    }
    const told = await fetch(`${site.origin}/nowhere`)
    expect([told.status, told.headers.get('vary')]).toEqual([404, 'Accept'])
    expect(await told.json()).toMatchObject({ code: 'route_not_found' })
    const headers = { accept: 'text/html' }
    const sent = await fetch(`${site.origin}/nowhere`, { method: 'POST', headers })
    expect(await sent.json()).toMatchObject({ code: 'route_not_found' })
  })

  test('bad forms are answered with a page', async () => {
    const poll = await openPoll()
    const huge = await post(poll.id, `option=${'1'.repeat(5000)}`)
    expect(huge.status).toBe(413)
    expect(await huge.text()).toContain('<h1>')
    expect((await post(poll.id, '{}', { 'content-type': 'application/json' })).status).toBe(415)
    expect((await post(poll.id, 'option=x')).status).toBe(422)
    expect((await post(poll.id, 'option=99')).status).toBe(422)
    expect((await post(poll.id, '')).status).toBe(422)
    expect((await post('nosuchpoll12', 'option=1')).status).toBe(404)
  })

  test('the page and its files say how long they keep, and what they may do', async () => {
    const poll = await openPoll()
    const answer = await fetch(`${site.origin}/p/${poll.id}`)
    expect(answer.headers.get('cache-control')).toBe('private, no-store')
    const policy = answer.headers.get('content-security-policy') ?? ''
    expect(policy).toContain("default-src 'none';script-src 'self';style-src 'self'")
    expect(policy).toContain(`connect-src 'self' ws://${new URL(site.origin).host}`)
    const page = await answer.text()
    expect(page).not.toMatch(/<script(?! type="(?:module" src="\/assets\/|application\/json"))|\sstyle=|\son\w+=/)
    for (const [path] of page.matchAll(/\/assets\/[^"]+/g)) {
      const file = await fetch(`${site.origin}${path}`)
      expect([path, file.status, file.headers.get('cache-control')]).toEqual([
        path,
        200,
        'public, max-age=31536000, immutable',
      ])
    }
  })
})
