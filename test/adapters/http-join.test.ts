import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { DependencyUnavailable } from '../../src/ports/unavailable.ts'
import { connectAdminClient } from '../support/admin-client.ts'
import { type Answer, createHttpClient, type HttpClient, type Say } from '../support/http-client.ts'
import { createCheckedClient } from '../support/openapi-document.ts'
import { useBrowser } from '../support/pages/use-browser.ts'
import { type RunningSystem, startSystem } from '../support/running-system.ts'

/** So few that the next one is given back later than any of these tests ends. */
const perMinute = 4

let system: RunningSystem
let call: HttpClient
const disagreements: string[] = []

beforeAll(async () => {
  const environment = { ADDRESS_JOIN_CODES_PER_MINUTE: `${perMinute}`, TRUSTED_PROXIES: '127.0.0.0/8' }
  system = await startSystem('postgres', environment)
  call = await createCheckedClient(system.url, disagreements)
})
afterAll(async () => system.stop())

let addresses = 0
/** Where nobody has asked from before. */
const newAddress = (): string => `198.51.100.${(addresses += 1)}`
/** Asks from one such. */
const fromNowhere = (): HttpClient => {
  const address = newAddress()
  // Pages are no part of the description.
  const ask = (say: Say): HttpClient => (say.headers?.['accept'] === undefined ? call : createHttpClient(system.url))
  return async (method, path, say = {}) =>
    ask(say)(method, path, { ...say, headers: { 'x-forwarded-for': address, ...say.headers } })
}
const asBrowser = { headers: { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' } }

async function makePoll(more: object = {}) {
  const { body } = await call('POST', '/polls', { json: { question: 'What?', options: ['Tea', 'Coffee'], ...more } })
  return { id: body.id as string, code: body.join_code as string, bearer: body.manage_token as string }
}

describe('a join code', () => {
  test('is given at creation, another one to each poll, and is told wherever the poll is', async () => {
    const polls = [await makePoll(), await makePoll({ draft: true })]
    expect(new Set(polls.map(({ code }) => code)).size).toBe(2)
    const admin = connectAdminClient(system.grpcAddress, null)
    for (const { id, code } of polls) {
      expect(code).toMatch(/^[2-9CDFGHJKMNPQRTVWX]{6}$/)
      expect((await call('GET', `/polls/${id}`)).body.join_code).toBe(code)
      expect(await admin.getPoll(id)).toMatchObject({ joinCode: code })
    }
    admin.close()
  })

  test('is null for a poll from before there were any, which is as good as any other', async () => {
    const { id, bearer } = await makePoll()
    await system.database.pool.query('update poll set join_code = null where id = $1', [id])
    const edited = await call('PATCH', `/polls/${id}`, { json: { question: 'Which?' }, bearer })
    expect([edited.status, edited.body.join_code]).toEqual([200, null])
  })

  test('leads a program to the poll and its page, however it is written', async () => {
    const { id, code } = await makePoll()
    const spelled = `${code.slice(0, 3)}-${code.slice(3)}`.toLowerCase()
    for (const written of [code, spelled, ` ${code}`, spelled.replace('-', ' ')]) {
      const { status, body, headers } = await fromNowhere()('GET', `/j/${encodeURIComponent(written)}`)
      const links = { poll: `/polls/${id}`, page: `/p/${id}` }
      expect([status, body]).toEqual([200, { id, join_code: code, links }])
      expect([headers.get('cache-control'), headers.get('vary')]).toEqual(['private, no-store', 'Accept'])
    }
  })

  test('sends a browser to the page, from the address and from the form', async () => {
    const { id, code } = await makePoll()
    for (const path of [`/j/${code}`, `/j?code=${code.toLowerCase()}`]) {
      const { status, headers } = await fromNowhere()('GET', path, asBrowser)
      expect([path, status, headers.get('location')]).toEqual([path, 303, `/p/${id}`])
      expect(headers.get('cache-control')).toBe('private, no-store')
    }
  })

  test('that no poll has is 404: for a program, and for a person a page with the field and what was typed', async () => {
    const program = await fromNowhere()('GET', '/j/222222')
    expect([program.status, program.body.code]).toEqual([404, 'poll_not_found'])
    for (const written of ['222222', '"><script>', '222 22', '']) {
      const person = await fromNowhere()('GET', `/j/${encodeURIComponent(written)}`, asBrowser)
      expect([written, person.status, person.headers.get('content-type')]).toEqual([
        written,
        404,
        'text/html; charset=utf-8',
      ])
      expect(person.text).toContain(
        `value="${written.replace(/["<>]/g, (c) => ({ '"': '&quot;', '<': '&lt;' })[c] ?? '&gt;')}"`,
      )
      expect(person.text).toContain('No poll has this code.')
    }
    expect((await fromNowhere()('GET', '/j')).status).toBe(404)
  })

  test('leads nowhere once its poll is deleted, also where it led there a moment ago', async () => {
    const { id, code, bearer } = await makePoll()
    expect((await fromNowhere()('GET', `/j/${code}`)).status).toBe(200)
    await call('POST', `/polls/${id}/close`, { bearer })
    expect((await fromNowhere()('GET', `/j/${code}`)).status).toBe(200)
    await call('DELETE', `/polls/${id}`, { bearer })
    expect((await fromNowhere()('GET', `/j/${code}`)).status).toBe(404)
    expect((await fromNowhere()('GET', `/j/${code}`, asBrowser)).status).toBe(404)
  })

  test('costs one look at the store, however many type it', async () => {
    const { code } = await makePoll()
    const look = vi.spyOn(system.adapters.polls, 'findByJoinCode')
    const hall = fromNowhere()
    const answers = await Promise.all(Array.from({ length: 500 }, async () => hall('GET', `/j/${code}`, asBrowser)))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([303]))
    expect(look).toHaveBeenCalledTimes(1)
    look.mockRestore()
  })

  test('that cannot be looked up right now is told so, and the field has it still', async () => {
    const { id, code } = await makePoll()
    const look = vi
      .spyOn(system.adapters.polls, 'findByJoinCode')
      .mockRejectedValue(new DependencyUnavailable('ledger', 'away'))
    const [person, program] = [
      await fromNowhere()('GET', `/j?code=${code}`, asBrowser),
      await fromNowhere()('GET', `/j/${code}`),
    ]
    look.mockRestore()
    expect([person.status, person.headers.get('retry-after')]).toEqual([503, '1'])
    expect(person.text).toContain(`value="${code}"`)
    expect([program.status, program.body.code]).toEqual([503, 'unavailable'])
    expect((await fromNowhere()('GET', `/j/${code}`)).body.id).toBe(id)
  })

  test('that meets a fault of ours is told the number under which it was noted', async () => {
    const { code } = await makePoll()
    const look = vi.spyOn(system.adapters.polls, 'findByJoinCode').mockRejectedValue(new Error('a bug'))
    const answer = await fromNowhere()('GET', `/j/${code}`)
    look.mockRestore()
    expect([answer.status, answer.body.code]).toEqual([500, 'internal'])
    expect(system.logged.splice(0).join()).toContain(answer.body.request_id)
  })
})

describe('guesses', () => {
  const expectLimit = ({ status, headers }: Answer): void => {
    expect([status, headers.get('ratelimit-policy')]).toEqual([429, `"join-codes";q=${perMinute};w=60`])
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0)
  }
  const guess = (count: number): string => `/j/22222${'23456789CD'[count]}`

  test('are answered up to the ceiling of their address and not once more; a code that was good there goes on, and so does every other address', async () => {
    const [poll, other] = [await makePoll(), await makePoll()]
    const hall = fromNowhere()
    expect((await hall('GET', `/j/${poll.code}`)).status).toBe(200)
    for (let count = 1; count < perMinute; count += 1) expect((await hall('GET', guess(count))).status).toBe(404)
    expectLimit(await hall('GET', guess(8)))
    expectLimit(await hall('GET', `/j/${other.code}`))
    const person = await hall('GET', guess(9), asBrowser)
    expectLimit(person)
    expect(person.text).toContain('Too many wrong codes came from your network.')
    for (let people = 0; people < 50; people += 1)
      expect((await hall('GET', `/j/${poll.code}`, asBrowser)).status).toBe(303)
    expect((await fromNowhere()('GET', `/j/${other.code}`)).status).toBe(200)
  })
})

describe('the page to type a code on', () => {
  const { open, provoke } = useBrowser()

  test.each([true, false])(
    'leads to the poll, and asks again after a slip (JavaScript: %s)',
    async (javaScriptEnabled) => {
      provoke(/\/j\?code=/)
      const { id, code } = await makePoll()
      const extraHTTPHeaders = { 'x-forwarded-for': newAddress() }
      const viewport = { width: 320, height: 568 }
      const page = await open({ javaScriptEnabled, extraHTTPHeaders, viewport })
      await page.goto(`${system.url}/j`)
      const field = page.getByRole('textbox', { name: 'Code on the screen' })
      await field.fill('22-2222')
      await field.press('Enter')
      await page.getByRole('alert').getByText('No poll has this code.').waitFor()
      expect(await field.inputValue()).toBe('22-2222')
      expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true)
      await field.fill(`${code.slice(0, 3)} ${code.slice(3).toLowerCase()}`)
      await page.getByRole('button', { name: 'Join' }).click()
      await page.waitForURL(`${system.url}/p/${id}`)
      await page.getByRole('heading', { name: 'What?' }).waitFor()
    },
  )
})

test('every answer was as /openapi.json says', () => {
  expect(disagreements).toEqual([])
})
