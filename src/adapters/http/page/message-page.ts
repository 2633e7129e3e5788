import { html } from './html.ts'
import type { Page } from './layout.ts'

/** A page that says one thing, where there is no poll to show. */
export function renderMessagePage(
  title: string,
  detail: string,
  again: { readonly href: string; readonly text: string } | null,
): Page {
  return {
    title,
    body: html`<main class="message">
      <h1>${title}</h1>
      <p>${detail}</p>
      ${again !== null && html`<p><a class="button" href="${again.href}">${again.text}</a></p>`}
    </main>`,
  }
}
