import { say } from '../../../../web/i18n/say.ts'
import type { Poll } from '../../../domain/poll.ts'
import { builtEntry } from './built-assets.ts'
import { html } from './html.ts'
import type { Page } from './layout.ts'

/**
 * `/p/{id}/manage`: the shell of the organiser's page, which a script fills with what its token may see. It has the question and no count, so it is
 * the same for everybody. Links for other people begin with `base`.
 */
export function createRenderManagePage(): (poll: Poll, base: string) => Page {
  const entry = builtEntry('manage/main.tsx')
  return (poll, base) => ({
    title: poll.question,
    body: html`<main id="manage" data-id="${poll.id}" data-base="${base}">
      <h1 dir="auto">${poll.question}</h1>
      <noscript
        ><p>${say('manage.needs_script')} <a href="/p/${poll.id}">${say('present.vote_page')}</a></p></noscript
      >
    </main>`,
    entry,
  })
}
