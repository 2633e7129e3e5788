import { languageChoiceName, languageChoiceSeconds, languageQueryName } from './chosen-language.ts'
import { useLanguage } from './in-use.ts'
import type { Messages, TextKey } from './messages.ts'
import { pickLanguage, pickLocale } from './pick-language.ts'
import { say } from './say.ts'

/** What a page says in each language, by the paths of their files, as the build has cut it out: only what is read is fetched. */
export type PageTexts = Readonly<Record<string, () => Promise<Messages>>>

let texts: PageTexts = {}
let wanted: string | null = null
let redraw = (): void => {}

/** The tags of all languages that this page has. */
export function offeredLanguages(): readonly string[] {
  return Object.keys(texts).map((path) => path.replace(/^.*\/(.*)\.json$/, '$1'))
}

/**
 * Once this has resolved, `say` speaks the language that is wanted here, and the document says so. Who takes over what the server has drawn names the
 * language that it was drawn in.
 */
export async function loadLanguage(pageTexts: PageTexts, drawnIn?: string): Promise<void> {
  texts = pageTexts
  const tag = drawnIn ?? pickLanguage(wantedTags(), offeredLanguages())
  wanted = tag
  await speak(tag)
}

/** What the address says, else what was chosen here, else what the browser is set to, else what the server took for it. */
function wantedTags(): readonly string[] {
  const asked = new URLSearchParams(location.search).get(languageQueryName)
  const chosen = [asked, readChoice()].filter((tag) => tag !== null)
  return [...chosen, ...navigator.languages, document.documentElement.lang]
}

/** Draws the page anew whenever another language is chosen. What is in its fields, and whatever else its components know, stays. */
export function redrawOnSwitch(draw: () => void): void {
  redraw = draw
}

/** Chooses a language, for good. Without its texts, as offline, the page stays in the one that it has. */
export async function switchLanguage(tag: string): Promise<void> {
  wanted = tag
  const isSpoken = await speak(tag).catch(() => false)
  if (isSpoken) keepChoice(tag)
  redraw()
}

/** False where another language was wanted meanwhile. */
async function speak(tag: string): Promise<boolean> {
  const messages = await texts[`../messages/${tag}.json`]?.()
  if (messages === undefined || wanted !== tag) return false
  useLanguage(messages, tag, localeOf(tag))
  Object.assign(document.documentElement, { lang: tag, dir: say('common.direction') })
  for (const element of document.querySelectorAll<HTMLElement>('[data-say]')) {
    // Written by our own layout, around what the scripts draw.
    element.textContent = say(element.dataset['say'] as TextKey)
  }
  return true
}

/** As the server writes, so that what it has drawn stays as it is; where that was another language, as the browser is set to. */
function localeOf(tag: string): string {
  const drawnBy = document.documentElement.dataset['locale']
  return pickLocale(tag, [...(drawnBy === undefined ? [] : [drawnBy]), ...navigator.languages])
}

/** In the cookie that the server keeps what a link has chosen in, and nowhere else: so the two never say different things. */
function readChoice(): string | null {
  try {
    return new RegExp(`(?:^|; )${languageChoiceName}=([\\w-]+)`).exec(document.cookie)?.[1] ?? null
  } catch {
    // A frame that is shut off from all storage.
    return null
  }
}

/** Where the browser keeps nothing, the choice lasts until the page is left. The address speaks no longer for another one. */
function keepChoice(tag: string): void {
  const secure = location.protocol === 'https:' ? '; Secure' : ''
  document.cookie = `${languageChoiceName}=${tag}; Path=/; Max-Age=${languageChoiceSeconds}; SameSite=Lax${secure}`
  forgetAsked()
}

function forgetAsked(): void {
  const address = new URL(location.href)
  if (!address.searchParams.has(languageQueryName)) return
  address.searchParams.delete(languageQueryName)
  history.replaceState(null, '', address)
}
