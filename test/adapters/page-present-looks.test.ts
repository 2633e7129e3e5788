import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { contrast, type Rgb } from '../support/contrast.ts'
import { useBigScreen } from '../support/pages/big-screen.ts'
import { waitUntil } from '../support/wait-until.ts'

const { call, makePoll, present, vote } = useBigScreen()

const isLive = (page: Page) => page.getByRole('status').getByText('Live').waitFor()

const long = 'Wirtschaftswissenschaftlerinnen discuss at length what nobody can read from afar. '.repeat(3)
const longOptions = (count: number) => Array.from({ length: count }, (_, at) => `${at} ${long}`.slice(0, 200))
const isOverflowing = `(() => {
  const { scrollWidth, scrollHeight } = document.documentElement
  const cut = [...document.querySelectorAll('.choice, .beside > *, .foot > *')].filter((one) => {
    const { left, right, top, bottom } = one.getBoundingClientRect()
    return left < 0 || right > innerWidth || top < 0 || bottom > Math.max(innerHeight, scrollHeight) + 0.5
  })
  return { isWider: scrollWidth > innerWidth, isHigher: scrollHeight > innerHeight, cut: cut.length }
})()`

describe('how it looks', () => {
  test.each([2, 6, 12, 30, 100])('%i long options and a long question fit a screen at 1080p', async (count) => {
    const poll = await makePoll({ question: long.repeat(2).slice(0, 500), options: longOptions(count) })
    await vote(poll, count)
    // The most voted are shown as they are when the page comes.
    await waitUntil(async () => (await call('GET', poll.path)).body.total_votes === 1)
    const page = await present(poll)
    await isLive(page)
    await page.locator('.figures').first().waitFor()
    expect(await page.evaluate(isOverflowing)).toEqual({ isWider: false, isHigher: false, cut: 0 })
    const labels = await page.evaluate<readonly (readonly [number, number])[]>(
      `[...document.querySelectorAll('.label')].map((label) => [parseFloat(getComputedStyle(label).fontSize), label.offsetHeight - label.parentElement.clientHeight])`,
    )
    if (count <= 6) for (const [size] of labels) expect(size).toBeGreaterThanOrEqual(48)
    for (const [, tooHigh] of labels) expect(tooHigh).toBeLessThanOrEqual(0)
    if (count > 30) {
      await page.getByText('The 30 most voted of 100 options').waitFor()
      expect(
        await page.evaluate('document.querySelector(\'.choice[style*="--place: 0;"] .label\').textContent'),
      ).toMatch(/^99 /)
    }
  })

  test('on a phone it scrolls downwards alone', async () => {
    const poll = await makePoll({ options: longOptions(100) })
    const page = await present(poll, { viewport: { width: 320, height: 640 } })
    await isLive(page)
    expect(await page.evaluate(isOverflowing)).toEqual({ isWider: false, isHigher: true, cut: 0 })
  })

  test.each(['light', 'dark'] as const)('%s: text is told from every ground by 4.5 to 1', async (colorScheme) => {
    const poll = await makePoll({ options: ['Tea', 'Coffee', 'Water'] })
    for (const option of [1, 1, 2]) await vote(poll, option)
    const page = await present(poll, { colorScheme })
    await waitUntil(async () => (await page.locator('.fill').count()) === 3)
    await call('POST', `${poll.path}/close`, { bearer: poll.token })
    await page.locator('.won').waitFor()
    const colours = await page.evaluate<readonly string[]>(
      `['.label', '.choice', '.won .fill', '.choice:not(.won) .fill'].map((one) => {
        const style = getComputedStyle(document.querySelector(one))
        return one === '.label' ? style.color : style.backgroundColor
      }).concat((() => {
        document.querySelector('.won').classList.remove('won')
        return getComputedStyle(document.querySelector('.leading .fill')).backgroundColor
      })())`,
    )
    const [ink = '', ...grounds] = colours
    for (const ground of grounds) expect([ground, contrast(rgbOf(ink), rgbOf(ground)) >= 4.5]).toEqual([ground, true])
  })

  test('nothing glides where somebody wants no motion', async () => {
    const poll = await makePoll()
    const durations = `[...document.querySelectorAll('.choice, .fill')].map((one) => getComputedStyle(one).transitionDuration)`
    for (const [reducedMotion, expected] of [
      ['reduce', ['0s', '0s', '0s', '0s']],
      ['no-preference', ['0.6s', '0.4s', '0.6s', '0.4s']],
    ] as const) {
      const page = await present(poll, { reducedMotion })
      await page.locator('.fill').first().waitFor({ state: 'attached' })
      expect(await page.evaluate(durations)).toEqual(expected)
    }
  })

  test('laid over a picture it is transparent, brings no buttons, and takes no keys', async () => {
    const poll = await makePoll()
    const page = await present(poll, { after: `?overlay#manage=${poll.token}`, colorScheme: 'dark' })
    await isLive(page)
    await page.keyboard.press('c')
    expect((await page.getByRole('button').count()) + (await page.getByRole('dialog').count())).toBe(0)
    const picture = (await page.screenshot({ omitBackground: true })).toString('base64')
    const alphas = await page.evaluate(`(async () => {
      const image = Object.assign(new Image(), { src: 'data:image/png;base64,${picture}' })
      await image.decode()
      const canvas = new OffscreenCanvas(image.width, image.height)
      const context = canvas.getContext('2d')
      context.drawImage(image, 0, 0)
      const { x, y } = document.querySelector('.choice').getBoundingClientRect()
      return [[2, 2], [image.width - 2, image.height - 2], [x + 40, y + 10]].map(([x, y]) => context.getImageData(x, y, 1, 1).data[3] > 0)
    })()`)
    expect(alphas).toEqual([false, false, true])
  })
})

/** A colour as browsers write it. */
function rgbOf(colour: string): Rgb {
  const [red = 0, green = 0, blue = 0] = (colour.match(/\d+/g) ?? []).map(Number)
  return [red, green, blue]
}
