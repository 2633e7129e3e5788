import { useLanguage } from '../i18n/in-use.ts'
import type { Messages } from '../i18n/messages.ts'
import { pickLanguage, pickLocale } from '../i18n/pick-language.ts'

// Every language travels within the script, but of each only what the element says.
const common = import.meta.glob<Messages['common']>('../messages/*.json', { eager: true, import: 'common' })
const embed = import.meta.glob<Messages['embed']>('../messages/*.json', { eager: true, import: 'embed' })

const pathOf = (tag: string): string => `../messages/${tag}.json`
const tags = Object.keys(embed).map((path) => path.replace(/^.*\/(.*)\.json$/, '$1'))

/** From now on `say` speaks the first of these languages that there is. Returns its tag. */
export function speak(wanted: readonly string[]): string {
  const tag = pickLanguage(wanted, tags)
  const path = pathOf(tag)
  // The page around says which language; how numbers are written in it, the region of who reads.
  const locale = pickLocale(tag, [...navigator.languages, ...wanted])
  // The other sections are those of pages, and nothing here says them.
  useLanguage({ common: common[path], embed: embed[path] } as Messages, tag, locale)
  return tag
}
