import { pickLanguage } from '../../../../web/i18n/pick-language.ts'

/** More than anybody speaks; what follows is not looked at. */
const languagesMax = 20

/**
 * The language of a page that the server draws: what was chosen (the cookie `tallycast_language`), else what the browser is set to, by its order
 * of preference. Whatever is drawn by it says `Vary: Accept-Language, Cookie`, or a cache would hand one reader's language to the next.
 */
export function chooseLanguage(
  acceptLanguage: string | undefined,
  cookie: string | undefined,
  available: readonly string[],
): string {
  const preferred = (acceptLanguage ?? '')
    .split(',', languagesMax)
    .map(readPreference)
    .filter(({ quality }) => quality > 0)
    // Equal ones keep the order in which they are named.
    .sort((a, b) => b.quality - a.quality)
    .map(({ tag }) => tag)
  return pickLanguage([...(cookie === undefined ? [] : [cookie]), ...preferred], available)
}

/** RFC 9110, 12.5.4. One that cannot be read is not wanted. */
function readPreference(preference: string): { readonly tag: string; readonly quality: number } {
  const [tag = '', ...parameters] = preference.split(';').map((part) => part.trim())
  const given = parameters.find((parameter) => /^q=/i.test(parameter))?.slice('q='.length)
  const quality = given === undefined ? 1 : Number(given)
  return { tag, quality: quality <= 1 ? quality : 0 }
}
