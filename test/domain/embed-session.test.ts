import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { beginSession, forgetSession, readSession } from '../../web/embed/kept-session.ts'

const service = 'https://polls.example'

/** What the service was asked, and how. */
let asked: (readonly [url: string, init: RequestInit | undefined])[] = []
let storage: Map<string, string>

beforeEach(() => {
  asked = []
  storage = new Map()
  vi.stubGlobal('fetch', async (url: string, init?: RequestInit) => {
    asked.push([url, init])
    return Response.json({ voter_token: `session ${asked.length}` }, { status: 201 })
  })
  vi.stubGlobal('localStorage', {
    getItem: (name: string) => storage.get(name) ?? null,
    setItem: (name: string, value: string) => storage.set(name, value),
    removeItem: (name: string) => storage.delete(name),
  })
})
afterEach(() => {
  forgetSession(service)
  vi.unstubAllGlobals()
})

test('two polls of one page that ask at once have one session, which is kept and asked for without a cookie', async () => {
  // Also where the browser has no locks.
  vi.stubGlobal('navigator', {})
  const [one, other] = await Promise.all([beginSession(service), beginSession(service)])
  expect([one, other, readSession(service)]).toEqual(['session 1', 'session 1', 'session 1'])
  expect(await beginSession(service)).toBe('session 1')
  expect(asked).toEqual([
    [`${service}/session`, expect.objectContaining({ method: 'POST', credentials: 'omit', cache: 'no-store' })],
  ])
  expect([...storage]).toEqual([[`tallycast ${service}`, 'session 1']])
  expect(readSession('https://other.example')).toBe(null)
})

test('two pages of one site that ask at once have one session where the browser has locks', async () => {
  vi.resetModules()
  const another = await import('../../web/embed/kept-session.ts')
  expect(await Promise.all([beginSession(service), another.beginSession(service)])).toEqual(['session 1', 'session 1'])
  expect(asked.length).toBe(1)
})

test.each([
  ['has none', {}],
  ['denies them', { locks: { request: async () => Promise.reject(new DOMException('denied', 'SecurityError')) } }],
])(
  'a session that another page of the site has kept meanwhile is the one that counts where it %s',
  async (_, browser) => {
    vi.stubGlobal('navigator', browser)
    const answers = globalThis.fetch
    vi.stubGlobal('fetch', async (url: string) => {
      storage.set(`tallycast ${service}`, 'another page’s')
      return answers(url)
    })
    expect(await beginSession(service)).toBe('another page’s')
    expect(asked.length).toBe(1)
  },
)

test('one that is given up is followed by a new one', async () => {
  expect(await beginSession(service)).toBe('session 1')
  forgetSession(service)
  expect([readSession(service), await beginSession(service)]).toEqual([null, 'session 2'])
})

test('after an answer that did not come it is asked again', async () => {
  const answers = globalThis.fetch
  vi.stubGlobal('fetch', async () => Response.json({ code: 'forbidden', detail: 'No.' }, { status: 403 }))
  await expect(beginSession(service)).rejects.toMatchObject({ code: 'forbidden' })
  vi.stubGlobal('fetch', answers)
  expect(await beginSession(service)).toBe('session 1')
})

test('where the browser gives no storage it lasts until the page is left', async () => {
  const denied = (): never => {
    throw new DOMException('denied', 'SecurityError')
  }
  vi.stubGlobal('localStorage', { getItem: denied, setItem: denied, removeItem: denied })
  expect(await beginSession(service)).toBe('session 1')
  expect([readSession(service), await beginSession(service)]).toEqual(['session 1', 'session 1'])
  forgetSession(service)
  expect(readSession(service)).toBe(null)
})
