import { html } from './html.ts'
import type { Page } from './layout.ts'

/** What somebody sees who comes to the bare address. */
export function renderHomePage(): Page {
  return {
    title: 'Live polls',
    body: html`<main class="message">
      <h1>Live polls</h1>
      <p>Ask a room, a hall or everybody at home, and watch the answers come in.</p>
      <p>To vote, open the link of a poll or scan its code. Polls are made with the API, which you can try out here.</p>
      <p><a class="button" href="/docs">Make a poll</a></p>
    </main>`,
  }
}
