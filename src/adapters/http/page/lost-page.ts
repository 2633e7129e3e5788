import type { FastifyReply } from 'fastify'
import { say } from '../../../../web/i18n/say.ts'
import { html } from './html.ts'
import { type Page, sendPage } from './layout.ts'

/** Outside the scopes that protect pages, and with nothing in it but a style sheet and links. */
const headers = {
  'content-security-policy':
    "default-src 'none';style-src 'self';img-src data:;form-action 'none';base-uri 'none';frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'same-origin',
  'x-frame-options': 'DENY',
}

/** For people who have typed an address that is none, as one of a screen in a hall: where its code is typed, and where a poll is made. */
export function sendLostPage(reply: FastifyReply): FastifyReply {
  return sendPage(reply.headers(headers), 404, renderLostPage)
}

function renderLostPage(): Page {
  return {
    title: say('message.no_page'),
    body: html`<main class="message">
      <h1>${say('message.no_page')}</h1>
      <p>${say('message.mistyped')}</p>
      <p><a class="button" href="/j">${say('join.title')}</a></p>
      <p><a href="/">${say('message.make_one')}</a></p>
    </main>`,
  }
}
