import { pickLanguage, pickLocale } from '../../../../web/i18n/pick-language.ts'

/** More than anybody speaks; what follows is not looked at. */
const languagesMax = 20

/** `tag`: of the texts. `locale`: by what numbers, dates and times are written. */
export type ChosenLanguage = { readonly tag: string; readonly locale: string }

/**
 * The language of a page that the server draws: the first that was chosen (by the address, or the cookie `tallycast_language`), else what the browser is
 * set to, by its order of preference; written as in the region that the browser names. Whatever is drawn by it says `Vary: Accept-Language, Cookie`, or
 * a cache would hand one reader's language to the next.
 */
export function chooseLanguage(
  acceptLanguage: string | undefined,
  chosen: readonly string[],
  available: readonly string[],
): ChosenLanguage {
  const preferred = (acceptLanguage ?? '')
    .split(',', languagesMax)
    .map(readPreference)
    .filter(({ quality }) => quality > 0)
    // Equal ones keep the order in which they are named.
    .sort((a, b) => b.quality - a.quality)
    .map(({ tag }) => tag)
  const tag = pickLanguage([...chosen, ...preferred], available)
  return { tag, locale: pickLocale(tag, [...preferred, ...chosen]) }
}

/** RFC 9110, 12.5.4. One that cannot be read is not wanted. */
function readPreference(preference: string): { readonly tag: string; readonly quality: number } {
  const [tag = '', ...parameters] = preference.split(';').map((part) => part.trim())
  const given = parameters.find((parameter) => /^q=/i.test(parameter))?.slice('q='.length)
  const quality = given === undefined ? 1 : Number(given)
  return { tag, quality: quality <= 1 ? quality : 0 }
}
