import { say } from '../../../../web/i18n/say.ts'
import { html } from './html.ts'
import type { Page } from './layout.ts'

/** A page that says one thing, where there is no poll to show; `again` is the address at which it may be there, null where it will not be. */
export function renderMessagePage(title: string, detail: string, again: string | null): Page {
  const goOn =
    again === null
      ? html`<a href="/">${say('message.make_one')}</a>`
      : html`<a class="button" href="${again}">${say('message.again')}</a>`
  return {
    title,
    body: html`<main class="message">
      <h1>${title}</h1>
      <p>${detail}</p>
      <p>${goOn}</p>
    </main>`,
  }
}
