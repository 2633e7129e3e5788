import { say } from '../../../../web/i18n/say.ts'
import { html } from './html.ts'
import type { Page } from './layout.ts'

/** A page that says one thing, where there is no poll to show; `again` is the address at which it may be there. */
export function renderMessagePage(title: string, detail: string, again: string | null): Page {
  return {
    title,
    body: html`<main class="message">
      <h1>${title}</h1>
      <p>${detail}</p>
      ${again !== null && html`<p><a class="button" href="${again}">${say('message.again')}</a></p>`}
    </main>`,
  }
}
