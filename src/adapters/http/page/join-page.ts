import { say } from '../../../../web/i18n/say.ts'
import type { Refused } from '../../../domain/refusal.ts'
import { html } from './html.ts'
import type { Page } from './layout.ts'

/** `/j`: where people type the code that stands on a screen; once they have, with what they typed and why it did not lead anywhere. */
export function renderJoinPage(written: string, no: Refused | null): Page {
  return {
    title: say('join.title'),
    body: html`<main class="message">
      <h1>${say('join.title')}</h1>
      <form class="join" action="/j">
        ${no !== null && html`<p class="problem" id="problem" role="alert">${problemOf(no)}</p>`}
        <label for="code">${say('join.code')}</label>
        <input
          id="code"
          name="code"
          value="${written}"
          required
          maxlength="20"
          autocomplete="off"
          autocapitalize="characters"
          spellcheck="false"
          dir="ltr"
          ${no !== null && html`aria-invalid="true" aria-describedby="problem"`}
        />
        <button>${say('join.join')}</button>
      </form>
    </main>`,
  }
}

function problemOf({ refused }: Refused): string {
  if (refused === 'poll_not_found') return say('join.unknown')
  return say(refused === 'rate_limited' ? 'join.too_often' : 'faults.unavailable')
}
