import { html } from './html.ts'
import type { Page } from './layout.ts'

/** What somebody sees who comes to the bare address. */
export function renderHomePage(): Page {
  return {
    title: 'Live polls',
    body: html`<main class="message">
      <h1>Live polls, counted at once</h1>
      <p>Tallycast counts every vote exactly once, and shows it to everybody who watches.</p>
      <p>
        To vote, open the link or scan the code of a poll. To make a poll of your own, use the API: it can be tried out
        right here.
      </p>
      <p><a class="button" href="/docs">Make a poll with the API</a></p>
    </main>`,
  }
}
