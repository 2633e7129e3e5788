import { languageInUse } from './in-use.ts'
import { nameLanguage } from './language-name.ts'
import { offeredLanguages, switchLanguage } from './language.ts'
import { say } from './say.ts'
import './language-switch.css'

/** All languages that the page has. */
export function LanguageSwitch() {
  return (
    <select
      class="language"
      aria-label={say('common.language')}
      autocomplete="off"
      value={languageInUse().tag}
      onChange={({ currentTarget: { value } }) => void switchLanguage(value)}
    >
      {offeredLanguages().map((tag) => (
        <option key={tag} value={tag} lang={tag}>
          {nameLanguage(tag)}
        </option>
      ))}
    </select>
  )
}
