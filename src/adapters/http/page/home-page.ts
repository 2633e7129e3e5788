import { builtEntry } from './built-assets.ts'
import { html } from './html.ts'
import type { Page } from './layout.ts'

/** What somebody sees who comes to the bare address: the form that makes a poll, whose links begin with `base`. Voting needs no script; this does. */
export function createRenderHomePage(): (base: string) => Page {
  const entry = builtEntry('create/main.tsx')
  return (base) => ({
    title: 'Live polls',
    body: html`<main id="create" data-base="${base}">
      <h1>Live polls</h1>
      <p>Ask a room, a hall or everybody at home, and watch the answers come in.</p>
      <noscript
        ><p>Making a poll here needs JavaScript. It can also be made with the <a href="/docs">API</a>.</p></noscript
      >
    </main>`,
    entry,
  })
}
