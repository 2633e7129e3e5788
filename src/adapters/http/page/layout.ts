import type { FastifyReply } from 'fastify'
import { say } from '../../../../web/i18n/say.ts'
import type { PagePolicy } from '../html-headers.ts'
import { assetUrl } from './assets.ts'
import type { BuiltEntry } from './built-assets.ts'
import type { ChosenLanguage } from './choose-language.ts'
import { type Html, html, htmlOfData } from './html.ts'
import { renderLanguageLinks } from './language-links.ts'
import { speakLanguageOf } from './page-language.ts'

export type Page = {
  readonly title: string
  readonly body: Html
  /** Only for pages that stay true without JavaScript by being read again. */
  readonly refreshSeconds?: number
  /** What else a preview of a link says. */
  readonly description?: string
  /** Of the pages that are built. */
  readonly entry?: BuiltEntry
  /** What its script goes on from. */
  readonly snapshot?: object
}

const icon =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Crect x='1' y='8' width='4' height='7' rx='1' fill='%236d5bd0'/%3E%3Crect x='6' y='2' width='4' height='13' rx='1' fill='%23e0567f'/%3E%3Crect x='11' y='5' width='4' height='10' rx='1' fill='%232a9d8f'/%3E%3C/svg%3E"

/**
 * Sends a page, which its route has protected by `pagePolicy`, in the language of whoever asked. It is drawn here at once, so that nobody else's language
 * comes between.
 */
export function sendPage(reply: FastifyReply, status: number, draw: () => Page): FastifyReply {
  const language = speakLanguageOf(reply)
  return reply
    .code(status)
    .type('text/html; charset=utf-8')
    .header('cache-control', 'private, no-store')
    .send(renderPage(draw(), language, reply.request.url).toString())
}

/** A page brings only what is ours. Older browsers do not take 'self' for the socket of the same host, so it is named. */
export function pagePolicy(host = ''): PagePolicy {
  const sockets = /^[\w.:[\]-]{1,255}$/.test(host) ? [`ws://${host}`, `wss://${host}`] : []
  return {
    'default-src': ["'none'"],
    'script-src': ["'self'"],
    'style-src': ["'self'"],
    'img-src': ["'self'", 'data:'],
    'connect-src': ["'self'", ...sockets],
    'form-action': ["'self'"],
    'base-uri': ["'none'"],
  }
}

function renderPage(page: Page, { tag, locale }: ChosenLanguage, url: string): Html {
  const { title, body, refreshSeconds, entry, snapshot } = page
  const texts = entry?.messages.get(tag)
  const fetchedAlong = [...(entry?.imports ?? []), ...(texts === undefined ? [] : [texts])]
  const links = renderLanguageLinks(url, tag)
  return html`<!doctype html>
    <html lang="${tag}" dir="${say('common.direction')}" data-locale="${locale}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${say('common.page_title', { page: title })}</title>
        ${renderPreview(page)}
        <link rel="icon" href="${icon}" />
        <link rel="stylesheet" href="${assetUrl('page.css')}" />
        <link rel="stylesheet" href="${assetUrl('buttons.css')}" />
        ${entry?.styles.map((style) => html`<link rel="stylesheet" href="${style}" />`) ?? null}
        ${fetchedAlong.map((script) => html`<link rel="modulepreload" href="${script}" />`)}
        ${snapshot !== undefined && htmlOfData('snapshot', snapshot)}
        ${entry !== undefined && html`<script type="module" src="${entry.script}"></script>`}
        ${refreshSeconds !== undefined && html`<noscript><meta http-equiv="refresh" content="${refreshSeconds}" /></noscript>`}
      </head>
      <body>
        ${body}
        <footer>
          <a href="/docs">Tallycast</a> <span data-say="common.promise">${say('common.promise')}</span>
          ${entry === undefined ? links : html`<noscript>${links}</noscript>`}
        </footer>
      </body>
    </html> `
}

/** More is shown nowhere. */
const previewCharactersMax = 300

/** What is shown where somebody posts a link to the page: never more than it says to everybody. */
function renderPreview({ title, description }: Page): Html | false {
  if (description === undefined) return false
  const short = Array.from(description).slice(0, previewCharactersMax).join('')
  return html`<meta name="description" content="${short}" />
    <meta property="og:type" content="website" />
    <meta property="og:title" content="${title}" />
    <meta property="og:description" content="${short}" />`
}
