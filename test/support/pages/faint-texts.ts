import type { Page } from 'playwright-core'
import { contrast, type Rgb } from '../contrast.ts'

/** WCAG 2.2 AA asks for it of all text that is not large; here large text keeps to it too. */
const contrastMin = 4.5

/** A line of text on the page: where it stands, and its colour with all that makes it transparent. */
type Text = {
  readonly text: string
  readonly colour: readonly [number, number, number, number]
  readonly at: { readonly x: number; readonly y: number; readonly width: number; readonly height: number }
}

/**
 * Texts that are not told from what is behind them, in the part of the page that is seen. What is behind them is looked at and not computed: a picture is taken of
 * the page without its texts, so bars, gradients and whatever else lies there count as they are.
 */
export async function findFaintTexts(page: Page, canvas: Page): Promise<readonly string[]> {
  const texts = await page.evaluate<readonly Text[]>(listTexts)
  await page.evaluate(hideTexts)
  const picture = (await page.screenshot({ animations: 'disabled' })).toString('base64')
  await page.evaluate(showTexts)
  const grounds = await canvas.evaluate<readonly (readonly Rgb[])[]>(
    `(${groundsBehind})('${picture}', ${JSON.stringify(texts.map(({ at }) => at))})`,
  )
  return texts.flatMap(({ text, colour }, index) => {
    const least = Math.min(...(grounds[index] ?? []).map((ground) => contrast(laidOver(ground, colour), ground)))
    return least >= contrastMin ? [] : [`${least.toFixed(2)} to 1: ${text}`]
  })
}

/** The colour that a transparent one becomes. */
function laidOver(ground: Rgb, [red, green, blue, alpha]: Text['colour']): Rgb {
  const mix = (one: number, other: number): number => one * alpha + other * (1 - alpha)
  return [mix(red, ground[0]), mix(green, ground[1]), mix(blue, ground[2])]
}

/** What is disabled, or only heard, need not be told from its ground. */
const listTexts = `(() => {
  const unjudged = '.unseen, :disabled, [aria-disabled=true], option, script, style, noscript'
  const opacityOf = (one) => (one === null ? 1 : Number(getComputedStyle(one).opacity) * opacityOf(one.parentElement))
  const colourOf = (one, part) => {
    const { color, opacity } = getComputedStyle(one, part)
    const [red, green, blue, alpha = 1] = color.match(/[\\d.]+/g).map(Number)
    return [red, green, blue, alpha * (part === null ? 1 : Number(opacity)) * opacityOf(one)]
  }
  // What is cut off, or lies behind something else, is not seen.
  const isSeen = (one, { x, y, width, height }) => {
    if (x < 0 || y < 0 || x + width > innerWidth || y + height > innerHeight) return false
    const top = document.elementFromPoint(x + width / 2, y + height / 2)
    return top !== null && width > 2 && height > 4 && (one.contains(top) || top.contains(one))
  }
  const texts = []
  const add = (one, text, rect, colour) => {
    const at = { x: rect.x + 1, y: rect.y + rect.height * 0.2, width: rect.width - 2, height: rect.height * 0.6 }
    if (isSeen(one, at)) texts.push({ text: text.trim().slice(0, 60), colour, at })
  }
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  while (walker.nextNode()) {
    const { currentNode: node } = walker
    const parent = node.parentElement
    if (node.data.trim() === '' || parent.closest(unjudged) || !parent.checkVisibility({ visibilityProperty: true })) continue
    const range = document.createRange()
    range.selectNodeContents(node)
    for (const rect of range.getClientRects()) add(parent, node.data, rect, colourOf(parent, null))
  }
  for (const field of document.querySelectorAll('input:not([type=checkbox], [type=radio], [type=hidden]), textarea, select')) {
    const { x, y, width, height } = field.getBoundingClientRect()
    const isEmpty = field.value === ''
    const text = isEmpty ? field.placeholder ?? '' : field.value
    const inside = { x: x + 6, y: y + 6, width: width - 12, height: height - 12 }
    if (text !== '' && !field.disabled) add(field, text, inside, colourOf(field, isEmpty ? '::placeholder' : null))
  }
  return texts
})()`

const hideTexts = `{
  window.withoutTexts = new CSSStyleSheet()
  withoutTexts.replaceSync('*, ::before, ::after, ::placeholder { color: transparent !important; caret-color: transparent !important }')
  document.adoptedStyleSheets.push(withoutTexts)
}`

const showTexts = 'document.adoptedStyleSheets = []'

/** Of each text every colour that a picture has behind it. */
const groundsBehind = `async (picture, places) => {
  const image = Object.assign(new Image(), { src: 'data:image/png;base64,' + picture })
  await image.decode()
  const context = new OffscreenCanvas(image.width, image.height).getContext('2d')
  context.drawImage(image, 0, 0)
  return places.map(({ x, y, width, height }) => {
    const { data } = context.getImageData(x, y, Math.max(1, width), Math.max(1, height))
    const colours = new Set()
    for (let at = 0; at < data.length; at += 4) colours.add((data[at] << 16) | (data[at + 1] << 8) | data[at + 2])
    return [...colours].map((colour) => [colour >> 16, (colour >> 8) & 255, colour & 255])
  })
}`
