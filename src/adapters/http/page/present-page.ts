import { say } from '../../../../web/i18n/say.ts'
import type { Poll } from '../../../domain/poll.ts'
import { builtEntry } from './built-assets.ts'
import { html } from './html.ts'
import type { Page } from './layout.ts'

/**
 * `/p/{id}/present`: the shell of the big screen, which a script fills. It has the question and no count, so it is the same for everybody. `joinUrl`
 * is the address that the QR code shows too.
 */
export function createRenderPresentPage(): (poll: Poll, joinUrl: string) => Page {
  const entry = builtEntry('present/main.tsx')
  return (poll, joinUrl) => ({
    title: poll.question,
    body: html`<main id="present" data-id="${poll.id}" data-join="${joinUrl}">
      <h1 dir="auto">${poll.question}</h1>
      <noscript
        ><p>${say('present.needs_script')} <a href="/p/${poll.id}">${say('present.vote_page')}</a></p></noscript
      >
    </main>`,
    entry,
  })
}
