import type { Messages } from './messages.ts'

/** `tag`: of the texts. `locale`: by what numbers, dates and times are written, which the reader's region decides. */
type InUse = { readonly tag: string; readonly locale: string; readonly messages: Messages }

let inUse: InUse | null = null

/**
 * From now on `say` and the formats speak this language. A browser has one at a time. A server has one for each request: there this stands right
 * before a page is drawn, in the same turn, and nothing is awaited until it is drawn; so two requests never speak each other's.
 */
export function useLanguage(messages: Messages, tag: string, locale = tag): void {
  inUse = { messages, tag, locale }
}

/** Throws where no language was chosen yet: whatever is drawn so early would be drawn in the wrong one. */
export function languageInUse(): InUse {
  if (inUse === null) throw new Error('no language is in use yet')
  return inUse
}
