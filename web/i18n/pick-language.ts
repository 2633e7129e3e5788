/** What everybody gets whose languages there are none of. */
const fallback = 'en'
/** RFC 5646, 4.4.1 asks for room for so many. What is longer is no language of ours, and to take it apart takes the square of its length. */
const tagCharactersMax = 35

/**
 * The first of the wanted languages that there is: by its whole tag, else by less and less of it (`es-MX` is served by `es`), else another of the
 * same language (`pt` by `pt-BR`). English where there is none.
 */
export function pickLanguage(wanted: readonly string[], available: readonly string[]): string {
  for (const tag of wanted) {
    if (tag.length > tagCharactersMax) continue
    const found = findLanguage(tag.toLowerCase(), available)
    if (found !== undefined) return found
  }
  return fallback
}

/**
 * By what numbers, dates and times are written for a reader of this language: the first of the wanted tags that names it, whole, for its region says
 * how (`ar-EG`, `en-GB`); the language itself where none does.
 */
export function pickLocale(language: string, wanted: readonly string[]): string {
  const spoken = new Intl.Locale(language).maximize()
  for (const tag of wanted) {
    const locale = readLocale(tag)
    const named = locale?.maximize()
    if (named?.language === spoken.language && named.script === spoken.script) return String(locale)
  }
  return language
}

/** Null for what is no tag, or too long for one. */
function readLocale(tag: string): Intl.Locale | null {
  if (tag.length > tagCharactersMax) return null
  try {
    return new Intl.Locale(tag)
  } catch {
    return null
  }
}

function findLanguage(wanted: string, available: readonly string[]): string | undefined {
  const parts = wanted.split('-')
  for (let kept = parts.length; kept > 0; kept -= 1) {
    const shorter = parts.slice(0, kept).join('-')
    const found = available.find((tag) => tag.toLowerCase() === shorter)
    if (found !== undefined) return found
  }
  return available.find((tag) => tag.toLowerCase().startsWith(`${parts[0]}-`))
}
