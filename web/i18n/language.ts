import { useLanguage } from './in-use.ts'
import type { Messages, TextKey } from './messages.ts'
import { pickLanguage } from './pick-language.ts'
import { say } from './say.ts'

/** The choice is kept under this name: for this page in the browser's storage, for the server in a cookie. */
const choiceName = 'tallycast_language'
const choiceSeconds = 365 * 86_400

/** Each a file of its own, which only those fetch who read it. */
const files = import.meta.glob<Messages>('../messages/*.json', { import: 'default' })
const fileOf = (tag: string): string => `../messages/${tag}.json`

/** The tags of all languages that there are. */
export const languages: readonly string[] = Object.keys(files).map((path) => path.replace(/^.*\/(.*)\.json$/, '$1'))

/** What was chosen here, else what the browser is set to, else what the server took for it. */
function wantedLanguage(): string {
  const chosen = readChoice()
  const { lang } = document.documentElement
  return pickLanguage([...(chosen === null ? [] : [chosen]), ...navigator.languages, lang], languages)
}

let wanted: string | null = null
let redraw = (): void => {}

/**
 * Once this has resolved, `say` speaks the language that is wanted here, and the document says so. Who takes over what the server has drawn names the
 * language that it was drawn in.
 */
export async function loadLanguage(tag = wantedLanguage()): Promise<void> {
  wanted = tag
  await speak(tag)
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
  const messages = await files[fileOf(tag)]?.()
  if (messages === undefined || wanted !== tag) return false
  useLanguage(messages, tag)
  Object.assign(document.documentElement, { lang: tag, dir: say('common.direction') })
  for (const element of document.querySelectorAll<HTMLElement>('[data-say]')) {
    // Written by our own layout, around what the scripts draw.
    element.textContent = say(element.dataset['say'] as TextKey)
  }
  return true
}

function readChoice(): string | null {
  try {
    return localStorage.getItem(choiceName)
  } catch {
    return null
  }
}

/** Where the browser keeps nothing, the choice lasts until the page is left. */
function keepChoice(tag: string): void {
  try {
    localStorage.setItem(choiceName, tag)
  } catch {
    // Nothing is kept there.
  }
  const secure = location.protocol === 'https:' ? '; Secure' : ''
  document.cookie = `${choiceName}=${tag}; Path=/; Max-Age=${choiceSeconds}; SameSite=Lax${secure}`
}
