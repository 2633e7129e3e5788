import { languageQueryName } from '../../../../web/i18n/chosen-language.ts'
import { nameLanguage } from '../../../../web/i18n/language-name.ts'
import { say } from '../../../../web/i18n/say.ts'
import { type Html, html } from './html.ts'
import { languageTags } from './page-language.ts'

const languages = languageTags.map((tag) => ({ tag, name: nameLanguage(tag) }))

/** The page at this address in each of the languages, for browsers in which no script has a switch. */
export function renderLanguageLinks(url: string, spoken: string): Html {
  return html`<nav class="languages" aria-label="${say('common.language')}">
    ${languages.map(({ tag, name }) =>
      tag === spoken
        ? html`<span lang="${tag}" aria-current="true">${name}</span>`
        : html`<a href="${addressIn(tag, url)}" lang="${tag}" hreflang="${tag}">${name}</a>`,
    )}
  </nav>`
}

/** Relative, so that it never leads elsewhere; whatever else the address says stays. */
function addressIn(tag: string, url: string): string {
  const query = new URLSearchParams(url.split('?')[1] ?? '')
  query.set(languageQueryName, tag)
  return `?${query.toString()}`
}
