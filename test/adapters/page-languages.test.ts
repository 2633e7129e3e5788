import type { BrowserContextOptions, Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { usePages } from '../support/pages/use-pages.ts'
import { waitUntil } from '../support/wait-until.ts'

const pages = usePages()
const { provoke, url, vote } = pages

const visit = async (locale: string, path = '/', options: BrowserContextOptions = {}): Promise<Page> =>
  pages.visit(path, { locale, ...options })
const makePoll = async (more: object = {}) => pages.makePoll({ options: ['Tea', 'Coffee', 'شاي'], ...more })

const language = async (page: Page): Promise<unknown> =>
  page.evaluate('[document.documentElement.lang, document.documentElement.dir]')
const switchOf = (page: Page) => page.locator('select.language')
/** The files of texts that the page has fetched, by page and language. */
const fetchedTexts = async (page: Page): Promise<readonly string[]> => {
  const names = await page.evaluate<string[]>(`performance.getEntriesByType('resource').map(({ name }) => name)`)
  return names.flatMap((name) => /\/assets\/(\w+\.(?:ar|en|es))-[\w-]{8}\.js$/.exec(name)?.[1] ?? [])
}
describe('the language of a page', () => {
  test.each([
    ['en-GB', 'en', 'ltr', 'Ask something'],
    ['es-MX', 'es', 'ltr', 'Pregunta algo'],
    ['ar-EG', 'ar', 'rtl', 'اطرح سؤالًا'],
    ['de', 'en', 'ltr', 'Ask something'],
  ])(
    'for a browser that is set to %s is %s, as drawn by the server and by the script, and no other is fetched',
    async (locale, tag, direction, title) => {
      const headers = { accept: 'text/html', 'accept-language': locale }
      const answer = await fetch(url(), { headers })
      expect(await answer.text()).toContain(`<html lang="${tag}" dir="${direction}" data-locale="`)
      expect(answer.headers.get('vary')).toBe('Accept, Accept-Language, Cookie')
      const page = await visit(locale)
      await page.getByRole('heading', { name: title }).waitFor()
      expect(await language(page)).toEqual([tag, direction])
      expect(await fetchedTexts(page)).toEqual([`create.${tag}`])
    },
  )

  test('is each reader’s own, also where many ask at once', async () => {
    const asked = Array.from({ length: 60 }, (_, at) => ['en', 'es', 'ar'][at % 3] ?? '')
    const answers = asked.map(async (tag) => {
      const headers = { accept: 'text/html', 'accept-language': tag }
      const text = await (await fetch(url(`/p/nosuchpoll12`), { headers })).text()
      return [/lang="(\w+)"/.exec(text)?.[1], /<h1>(.*?)<\/h1>/.exec(text)?.[1]]
    })
    const titles = { en: 'This poll is not here', es: 'Esta encuesta no está aquí', ar: 'هذا الاستطلاع غير موجود هنا' }
    const expected = asked.map((tag) => [tag, Object.entries(titles).find(([of]) => of === tag)?.[1]])
    expect(await Promise.all(answers)).toEqual(expected)
  })

  test('switched, it is another at once and for good, and everything that was typed stays', async () => {
    const page = await visit('en')
    await page.getByRole('textbox', { name: 'Question' }).fill('Tea or coffee?')
    await page.getByRole('textbox', { name: 'Option 2' }).fill('Coffee')
    await page.getByText('More settings').click()
    await page.getByLabel('Who may vote').selectOption('none')
    await page.getByRole('button', { name: 'Make the poll' }).click()
    await page.getByRole('alert').getByText('Write at least 2 options.').waitFor()
    await switchOf(page).focus()
    await switchOf(page).selectOption({ label: 'العربية' })
    await page.getByRole('heading', { name: 'اطرح سؤالًا' }).waitFor()
    expect(await language(page)).toEqual(['ar', 'rtl'])
    expect(await page.evaluate('document.activeElement.className')).toBe('language')
    expect(await page.getByRole('textbox', { name: 'السؤال' }).inputValue()).toBe('Tea or coffee?')
    expect(await page.getByRole('textbox', { name: 'الخيار 2' }).inputValue()).toBe('Coffee')
    expect(await page.getByLabel('من يحق له التصويت').inputValue()).toBe('none')
    // What was said before is said anew.
    await page.getByRole('alert').getByText('اكتب خيارين على الأقل.').waitFor()
    await page.locator('body > footer').getByText('يحتسب كل صوت').waitFor()
    const cookies = await page.context().cookies()
    expect(cookies).toMatchObject([{ name: 'tallycast_language', value: 'ar', sameSite: 'Lax', path: '/' }])
    const drawn = await page.reload()
    expect(await drawn?.text()).toContain('<html lang="ar" dir="rtl"')
    await page.getByRole('heading', { name: 'اطرح سؤالًا' }).waitFor()
  })

  test('chosen by a link is the language of the pages that follow, whatever the switch had chosen before', async () => {
    const page = await visit('en')
    await switchOf(page).selectOption('es')
    await page.getByRole('heading', { name: 'Pregunta' }).waitFor()
    await page.goto(url('/j?lang=ar'))
    await page.goto(url('/'))
    await page.getByRole('heading', { name: 'اطرح سؤالًا' }).waitFor()
    expect(await language(page)).toEqual(['ar', 'rtl'])
    expect(await page.context().cookies()).toMatchObject([{ name: 'tallycast_language', value: 'ar' }])
  })

  test('stays what it is where the texts of another cannot be fetched', async () => {
    provoke(/\/assets\/create\.es-/)
    const page = await visit('en')
    await page.getByRole('heading', { name: 'Ask something' }).waitFor()
    await page.route(/\/assets\/create\.es-/, async (route) => route.abort())
    await switchOf(page).selectOption('es')
    await waitUntil(async () => (await switchOf(page).inputValue()) === 'en')
    expect(await language(page)).toEqual(['en', 'ltr'])
    expect(await page.context().cookies()).toEqual([])
  })

  test('is that of the browser also where there is no poll, and without JavaScript', async () => {
    provoke(/nosuchpoll12$/)
    const page = await visit('es', '/p/nosuchpoll12', { javaScriptEnabled: false })
    expect(await page.locator('h1').innerText()).toBe('Esta encuesta no está aquí')
    const { id } = await makePoll()
    await page.goto(url(`/p/${id}/present`))
    expect(await page.locator('noscript p').innerText()).toContain('La pantalla grande necesita JavaScript.')
  })
})

describe('without JavaScript', () => {
  test('a link chooses another language for this page and for those that follow, and loses nothing of the address', async () => {
    const { id } = await makePoll({ closes_at: new Date(Date.now() + 3_600_000).toISOString() })
    const page = await visit('en-GB', `/p/${id}?voted`, { javaScriptEnabled: false })
    const links = page.getByRole('navigation', { name: 'Language' })
    expect(await links.getByRole('link').allInnerTexts()).toEqual(['العربية', 'Español'])
    await links.getByRole('link', { name: 'Español' }).click()
    expect(new URL(page.url()).search).toBe('?voted=&lang=es')
    expect(await page.context().cookies()).toMatchObject([
      { name: 'tallycast_language', value: 'es', sameSite: 'Lax', path: '/', httpOnly: false },
    ])
    await page.getByRole('radio', { name: 'Tea' }).check()
    await page.getByRole('button', { name: 'Votar' }).click()
    await page.getByText('Has votado por Tea.').waitFor()
    expect(new URL(page.url()).search).toBe('?voted')
    // Also where there is no poll, and no script that had a switch.
    provoke(/\/j\?code=/)
    await page.goto(url('/j?code=222222'))
    await page.getByRole('link', { name: 'العربية' }).click()
    expect(await page.getByRole('textbox').inputValue()).toBe('222222')
    expect(await language(page)).toEqual(['ar', 'rtl'])
  })

  test('the address says how the page is drawn, and a frame or a page of others leaves nothing behind', async () => {
    const { id } = await makePoll()
    const ask = async (path: string, headers = {}) => {
      const answer = await fetch(url(path), { headers: { accept: 'text/html', ...headers } })
      return [/<html lang="(\w+)"/.exec(await answer.text())?.[1], answer.headers.get('set-cookie')?.split(';')[0]]
    }
    const foreign = { 'sec-fetch-site': 'cross-site' }
    const kept = { cookie: 'tallycast_language=ar' }
    expect(await ask(`/p/${id}?lang=es`, kept)).toEqual(['es', 'tallycast_language=es'])
    expect(await ask(`/p/${id}?lang=es`, foreign)).toEqual(['es', undefined])
    expect(await ask(`/p/${id}/embed?lang=es`)).toEqual(['es', undefined])
    for (const tag of ['xx', 'es-MX;Path=/', 'x'.repeat(200), ''])
      expect((await ask(`/p/${id}?lang=${encodeURIComponent(tag)}`, kept))[1]).toBeUndefined()
  })
})

describe('the region of the reader', () => {
  test.each([
    ['ar-EG', /٠٪/, /^[\s\u200f]*يُغلق.*٢٠٣١/],
    ['en-GB', /0%/, /^Closes 31 Jan 2031, 18:05$/],
  ])(
    '%s decides how numbers and times are written, by the server and by the script alike',
    async (locale, share, closes) => {
      const { id } = await makePoll({ closes_at: '2031-01-31T18:05:00Z' })
      const options = { timezoneId: 'UTC' }
      const drawn = await visit(locale, `/p/${id}`, { ...options, javaScriptEnabled: false })
      const live = await visit(locale, `/p/${id}`, options)
      await live.locator('#connection.live').waitFor()
      for (const page of [drawn, live]) {
        expect(await page.evaluate('document.documentElement.dataset.locale')).toBe(locale)
        expect(await page.locator('.share').first().innerText()).toMatch(share)
      }
      expect(await live.locator('.when').innerText()).toMatch(closes)
      // The server names the zone, of which it knows nothing.
      const [written, named] = await Promise.all([live, drawn].map((page) => page.locator('.when time').innerText()))
      expect(named).toContain(written)
    },
  )

  test('stays that of the reader when another language is chosen', async () => {
    const { id } = await makePoll({ closes_at: '2031-01-31T18:05:00Z' })
    const page = await visit('es-MX', `/p/${id}?lang=en`, { timezoneId: 'UTC' })
    await page.locator('#connection.live').waitFor()
    expect(await page.locator('.when').innerText()).toMatch(/^Closes Jan 31, 2031, 6:05\sPM$/)
    await switchOf(page).selectOption('es')
    await page.getByText(/^Se cierra: 31 ene 2031, 6:05\sp\.m\.$/).waitFor()
    expect(new URL(page.url()).search).toBe('')
  })
})

describe('right to left', () => {
  test('bars and texts begin at the right, also of texts that run to the right, and addresses stay as they are', async () => {
    const poll = await makePoll()
    await vote(poll, 1)
    const page = await visit('ar', `/p/${poll.id}/present`, { viewport: { width: 1920, height: 1080 } })
    const row = page.locator('.choice', { hasText: 'Tea' })
    const coffee = page.locator('.choice', { hasText: 'Coffee' })
    await waitUntil(async () => (await page.locator('.sum').innerText()).replace(/\s+/g, ' ') === '1 صوت')
    await waitUntil(async () => {
      const [bar, none, track] = await Promise.all([
        row.locator('.fill').boundingBox(),
        coffee.locator('.fill').boundingBox(),
        row.boundingBox(),
      ])
      if (bar === null || none === null || track === null) return false
      // The one fills its row; the other waits to the right of its own, whence it comes.
      return Math.abs(bar.x - track.x) < 5 && none.x > track.x + track.width - 5
    })
    const side = "getComputedStyle(document.querySelector('.choice .label')).textAlign"
    expect(await page.evaluate(side)).toBe('right')
    const address = "getComputedStyle(document.querySelector('.address strong')).direction"
    expect(await page.evaluate(address)).toBe('ltr')
    // An Arabic keyboard writes another letter with this key.
    await page.evaluate(`dispatchEvent(new KeyboardEvent('keydown', { key: 'ض', code: 'KeyQ' }))`)
    await page.getByRole('dialog').getByRole('img').waitFor()
  })

  test.each([320, 390])('nothing is wider than a screen of %i px', async (width) => {
    const long = Array.from({ length: 40 }, (_, at) => `${'كلمة طويلة '.repeat(10)}${at}`)
    const { id, token } = await makePoll({
      question: 'x'.repeat(300),
      options: [...long, 'y'.repeat(200)],
    })
    for (const path of ['/', `/p/${id}/present#manage=${token}`]) {
      const page = await visit('ar', path, { viewport: { width, height: 600 } })
      await page.locator('.create, .choice').first().waitFor()
      for (const settings of await page.locator('summary').all()) await settings.click()
      expect([path, await page.evaluate<number>('document.documentElement.scrollWidth')]).toEqual([path, width])
    }
  })
})
