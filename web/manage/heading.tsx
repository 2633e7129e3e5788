import type { ComponentChildren } from 'preact'
import { LanguageSwitch } from '../i18n/language-switch.tsx'
import { say } from '../i18n/say.ts'

/** What the page is about, where there is nothing to manage yet. */
export function Heading({ question, children }: { readonly question: string; readonly children: ComponentChildren }) {
  return (
    <div class="alone">
      <div class="beside">
        <LanguageSwitch />
      </div>
      <h1 dir="auto">{question}</h1>
      {children}
    </div>
  )
}

export function Gone() {
  return (
    <div class="alone" role="alert">
      <h1>{say('present.was_deleted')}</h1>
      <p>{say('manage.gone_why')}</p>
      <p>
        <a class="button" href="/">
          {say('create.again')}
        </a>
      </p>
    </div>
  )
}
