import { say } from '../../../../web/i18n/say.ts'
import { builtEntry } from './built-assets.ts'
import { html } from './html.ts'
import type { Page } from './layout.ts'

/** What somebody sees who comes to the bare address: the form that makes a poll, whose links begin with `base`. Voting needs no script; this does. */
export function createRenderHomePage(): (base: string) => Page {
  const entry = builtEntry('create/main.tsx')
  return (base) => ({
    title: say('create.page_name'),
    body: html`<main id="create" data-base="${base}">
      <h1>${say('create.page_name')}</h1>
      <p>${say('create.lead')}</p>
      <noscript
        ><p>${say('create.needs_script')} <a href="/docs">API</a></p></noscript
      >
    </main>`,
    entry,
  })
}
