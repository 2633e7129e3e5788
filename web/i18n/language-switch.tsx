import { languageInUse } from './in-use.ts'
import { languages, switchLanguage } from './language.ts'
import { say } from './say.ts'
import './language-switch.css'

/** All languages, each by its own name, so that whoever reads none of the others finds theirs. */
export function LanguageSwitch() {
  return (
    <select
      class="language"
      aria-label={say('common.language')}
      autocomplete="off"
      value={languageInUse().tag}
      onChange={({ currentTarget: { value } }) => void switchLanguage(value)}
    >
      {languages.map((tag) => (
        <option key={tag} value={tag} lang={tag}>
          {nameOf(tag)}
        </option>
      ))}
    </select>
  )
}

function nameOf(tag: string): string {
  const name = new Intl.DisplayNames([tag], { type: 'language' }).of(tag) ?? tag
  return name.charAt(0).toLocaleUpperCase(tag) + name.slice(1)
}
