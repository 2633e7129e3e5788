import { parse } from 'csv-parse/sync'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connectAdminClient } from '../support/admin-client.ts'
import { granted } from '../support/admin-side.ts'
import { startBrowser } from '../support/browser.ts'
import {
  honestCounts,
  setStage,
  type Stage,
  type StageHost,
  startStageHost,
  whatIsTold,
} from '../support/hostile/stage.ts'
import { hostileTexts, inSpreadsheet, traceOfAttack } from '../support/hostile/texts.ts'
import { createHttpClient, type HttpClient, type Say } from '../support/http-client.ts'
import { askFrom, type OtherOrigin, startOtherOrigin, watchFrom } from '../support/other-origin.ts'
import { useSystem } from '../support/system.ts'
import { waitUntil } from '../support/wait-until.ts'

let host: StageHost
beforeAll(async () => {
  host = await startStageHost()
})
afterAll(async () => host.server.stop())
const system = useSystem(() => ({ env: { LOG_LEVEL: 'trace', HOST_TOKEN_JWKS_URL: host.server.url } }))

let stage: Stage
let call: HttpClient
let browser: Browser
beforeAll(async () => {
  stage = await setStage(system(), host)
  call = createHttpClient(stage.url)
  browser = await startBrowser()
})
afterAll(async () => browser.close())

describe('a text that means something elsewhere', () => {
  let pollPath: string
  let manageToken: string
  const voters = [...hostileTexts, '\u0000']
  const lines = (optionId: number): Say => ({
    raw: voters.map((voter) => `${JSON.stringify({ voter, option_id: optionId })}\n`).join(''),
    headers: { 'content-type': 'application/x-ndjson' },
    bearer: stage.adminToken,
  })
  const json = {
    question: hostileTexts.find((text) => text.startsWith('"><img')),
    description: hostileTexts.join(' '),
    options: hostileTexts,
    voter_identity: 'token',
    voter_visibility: 'public',
  }
  const textsOf = (options: readonly { readonly text: string }[]): readonly string[] => options.map(({ text }) => text)

  beforeAll(async () => {
    const made = await call('POST', '/polls', { json })
    pollPath = `/polls/${made.body.id}`
    manageToken = made.body.manage_token
  })

  test('comes back as it was', async () => {
    const { question, description, options } = (await call('GET', pollPath)).body
    expect([question, description, textsOf(options)]).toEqual([json.question, json.description, hostileTexts])
  })

  test('names a voter of a host, who votes once', async () => {
    const first = (await call('POST', `${pollPath}/votes/bulk`, lines(1))).text.trim().split('\n')
    expect(first.map((line) => JSON.parse(line).status)).toEqual(voters.map(() => 'accepted'))
    const again = (await call('POST', `${pollPath}/votes/bulk`, lines(2))).text.trim().split('\n')
    expect(again.map((line) => JSON.parse(line).code)).toEqual(voters.map(() => 'already_voted'))
    await waitUntil(async () => (await call('GET', pollPath)).body.total_votes === voters.length)
  })

  test('comes back in a file as it was, and as a text in a spreadsheet', async () => {
    const csv = await call('GET', `${pollPath}/export.csv`)
    const [, ...rows]: readonly string[][] = parse(csv.text, { recordDelimiter: '\r\n' })
    expect(rows.map(([, text]) => text)).toEqual(hostileTexts.map(inSpreadsheet))
    expect(textsOf((await call('GET', `${pollPath}/export.json`)).body.poll.options)).toEqual(hostileTexts)
  })

  test('names a key, where it can be printed', async () => {
    const names = hostileTexts.filter((text) => !/\p{C}/u.test(text) && text.length <= 100)
    // There is one.
    const admin = connectAdminClient(new URL(system().admins[0]!.url).host, stage.adminToken)
    try {
      for (const name of names) granted(await admin.createApiKey({ name, scopes: ['polls:read'] }))
      const { keys } = granted(await admin.listApiKeys({ pageSize: 100 }))
      expect(keys.map(({ name }) => name)).toEqual(expect.arrayContaining(names))
    } finally {
      admin.close()
    }
  })

  test.each([
    ['a voter without JavaScript', false, false],
    ['a voter', true, false],
    ['the organiser', true, true],
  ])('runs nothing on the page of %s', async (_who, javaScriptEnabled, isOrganiser) => {
    const faults: string[] = []
    const context = await browser.newContext({ javaScriptEnabled })
    const page = await context.newPage()
    page.on('dialog', (dialog) => faults.push(dialog.message()))
    page.on('pageerror', (error) => faults.push(error.message))
    page.on('console', (message) => {
      if (/Content Security Policy|Refused to/.test(message.text())) faults.push(message.text())
    })
    const address = `${stage.url}${pollPath.replace('/polls/', '/p/')}${isOrganiser ? '/manage' : ''}`
    await page.goto(isOrganiser ? `${address}#manage=${manageToken}` : address)
    if (javaScriptEnabled) await page.getByText('Live', { exact: true }).waitFor()
    expect(await page.locator(isOrganiser ? '.result tbody tr' : '.option').count()).toBe(hostileTexts.length)
    const shown = asParsed(await page.locator('body').evaluate((body) => body.textContent ?? ''))
    expect(hostileTexts.filter((text) => !shown.includes(asParsed(text)))).toEqual([])
    expect(await page.locator('body :is(img:not(.qr), script, iframe, base, meta, [onload], [onerror])').count()).toBe(
      0,
    )
    if (javaScriptEnabled) expect(await page.evaluate(traceOfAttack)).toBeUndefined()
    expect([page.url(), faults]).toEqual([address, []])
    await context.close()
  })
})

/** A reader of HTML takes every line break for the same; spaces that only lay it out are between the texts. */
function asParsed(text: string): string {
  return text.replaceAll(/[\s\ufeff]+/g, ' ').trim()
}

describe('a page of another origin, in the browser of somebody who has voted', () => {
  let elsewhere: OtherOrigin
  let context: BrowserContext
  beforeAll(async () => {
    elsewhere = await startOtherOrigin()
    context = await browser.newContext()
    const domain = new URL(stage.url).hostname
    await context.addCookies([{ name: 'tallycast_session', value: stage.voterToken, domain, path: '/' }])
  })
  afterAll(() => elsewhere.stop())

  const socketUrl = (): string => `${stage.url.replace('http', 'ws')}/ws${stage.sessions.path}`

  /** As a page does to which somebody was led. */
  async function sendForm(page: Page, path: string, enctype: string, fields: string): Promise<number> {
    await page.setContent(
      `<form method="post" action="${stage.url}${path}" enctype="${enctype}">${fields}<button>Win</button></form>`,
    )
    const answered = page.waitForResponse((response) => response.request().method() === 'POST')
    await page.getByRole('button').click()
    return (await answered).status()
  }

  test.each(['localhost', '127.0.0.1'])(
    'neither votes, changes, takes back nor watches for them, from %s',
    async (at) => {
      const { sessions, voterToken } = stage
      const page = await context.newPage()
      const own = `/p/${sessions.id}`
      const forms = [
        [own, 'application/x-www-form-urlencoded', '<input name=do value=change><input name=option value=2>', 403],
        [own, 'application/x-www-form-urlencoded', '<input name=do value=retract>', 403],
        [own, 'multipart/form-data', '<input name=option value=2>', 415],
        [`${sessions.path}/vote`, 'text/plain', `<input name='{"option_id":2,"x":"' value='"}'>`, 415],
        [`${sessions.path}/close`, 'text/plain', '', 401],
      ] as const
      for (const [path, enctype, fields, status] of forms) {
        await page.goto(elsewhere.pageOn(at))
        expect([path, enctype, await sendForm(page, path, enctype, fields)]).toEqual([path, enctype, status])
      }
      await page.goto(elsewhere.pageOn(at))
      const vote = `${stage.url}${sessions.path}/vote`
      const shows = { headers: { 'content-type': 'application/json' }, credentials: 'include' } as const
      for (const says of [{ method: 'PUT', body: '{"option_id":2}' }, { method: 'DELETE' }, {}]) {
        expect([says, await askFrom(page, vote, { ...says, ...shows })]).toEqual([says, 'unreadable'])
      }
      await askFrom(page, vote, { method: 'POST', body: '{"option_id":2}', mode: 'no-cors', credentials: 'include' })
      await page.evaluate(`navigator.sendBeacon(${JSON.stringify(vote)}, '{"option_id":2}')`)
      expect(await watchFrom(page, socketUrl())).toMatchObject({ type: 'tally', total_votes: null })
      const mine = await call('GET', `${sessions.path}/vote`, { voterToken })
      expect(mine.body.vote).toMatchObject({ option_ids: [1] })
      await page.close()
    },
  )

  test('shows nothing of theirs in a frame', async () => {
    const page = await context.newPage()
    await page.goto(elsewhere.pageOn('127.0.0.1'))
    const address = `${stage.url}/p/${stage.sessions.id}`
    const answered = page.waitForResponse(address)
    await page.setContent(`<iframe src="${address}"></iframe>`)
    await answered
    await waitUntil(() => page.frames()[1]?.url().startsWith('chrome-error:') === true)
    await page.close()
  })

  test('sees less than their own page does', async () => {
    const page = await context.newPage()
    await page.goto(`${stage.url}/`)
    expect(await watchFrom(page, socketUrl())).toMatchObject({ total_votes: 1 })
    const mine = await askFrom(page, `${stage.url}${stage.sessions.path}/vote`)
    expect(mine).toMatchObject({ status: 200, body: { vote: { option_ids: [1] } } })
  })
})

test('after all this the honest votes alone count, and every process runs on and has told no secret', async () => {
  await honestCounts(stage, system())
  expect(whatIsTold(stage, system())).toEqual([])
})
