import { formatNumber } from './format.ts'
import { languageInUse } from './in-use.ts'
import type { Plural, PluralKey, TextKey } from './messages.ts'

type Values = Readonly<Record<string, string | number>>

/** A text and what is put into it. Whoever keeps this rather than the text itself says it in the language that is in use by then. */
export type Message =
  | readonly [key: TextKey, values?: Values]
  | readonly [key: PluralKey, values: Values & { readonly count: number }]

const pluralRules = new Map<string, Intl.PluralRules>()

/** The text in the language in use: `say('create.title')`, `say('create.pasted', { count: 3 })`. Plain text, never HTML. */
export function say(...[key, values = {}]: Message): string {
  const text = textOf(key)
  const chosen = typeof text === 'string' ? text : choosePlural(text, Number(values['count']))
  return chosen.replace(/\{(\w+)\}/g, (name, inside: string) => write(values[inside] ?? name))
}

function textOf(key: TextKey | PluralKey): string | Plural {
  const [section = '', name = ''] = key.split('.')
  // The keys are those of en.json, and a test holds that every language has the same.
  const messages = languageInUse().messages as Readonly<Record<string, Readonly<Record<string, string | Plural>>>>
  return messages[section]?.[name] ?? key
}

function choosePlural(text: Plural, count: number): string {
  const { tag } = languageInUse()
  const rules = pluralRules.get(tag) ?? new Intl.PluralRules(tag)
  pluralRules.set(tag, rules)
  return text[rules.select(count)] ?? text.other
}

function write(value: string | number): string {
  return typeof value === 'number' ? formatNumber(value) : isolate(value)
}

/** Text of people that runs the other way would carry away what stands beside it: it is set apart, where that can be (Unicode's FSI and PDI). */
function isolate(text: string): string {
  const { messages } = languageInUse()
  return messages.common.direction === 'rtl' || /\p{Script=Arabic}|\p{Script=Hebrew}/u.test(text)
    ? `\u2068${text}\u2069`
    : text
}
