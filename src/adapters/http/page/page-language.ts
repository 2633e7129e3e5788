import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { languageChoiceName, languageChoiceSeconds, languageQueryName } from '../../../../web/i18n/chosen-language.ts'
import { useLanguage } from '../../../../web/i18n/in-use.ts'
import type { Messages } from '../../../../web/i18n/messages.ts'
import { isFromForeignPage, type PublicAddress } from '../../browsers/foreign-page.ts'
import type { HttpApp } from '../operation.ts'
import { type ChosenLanguage, chooseLanguage } from './choose-language.ts'

/** A file for each language, named for its tag. */
const folder = join(import.meta.dirname, '../../../../web/messages')

const languages: ReadonlyMap<string, Messages> = new Map(
  readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => [
      basename(name, '.json'),
      // A test holds every file against en.json.
      JSON.parse(readFileSync(join(folder, name), 'utf8')) as Messages,
    ]),
)

/** Of all languages that there are. */
export const languageTags: readonly string[] = [...languages.keys()]

/** Lets `say` speak the language of this request, until something is awaited; says to caches what the answer depends on. */
export function speakLanguageOf(reply: FastifyReply): ChosenLanguage {
  const { request } = reply
  const { cookie = '', 'accept-language': preferred } = request.headers
  const kept = cookie.includes(languageChoiceName) ? reply.server.parseCookie(cookie)[languageChoiceName] : undefined
  const chosen = [askedLanguage(request), kept].filter((tag) => typeof tag === 'string')
  const language = chooseLanguage(preferred, chosen, languageTags)
  // It is one of those that there are; or English, which always is.
  useLanguage(languages.get(language.tag)!, language.tag, language.locale)
  reply.header('vary', 'Accept, Accept-Language, Cookie')
  return language
}

/**
 * A language that somebody has chosen by its link is kept in the cookie in which scripts keep it, so that the pages that follow speak it too. Not where a
 * page of others led here, which has nothing to choose for its reader.
 */
export function keepAskedLanguage(pages: HttpApp, address: PublicAddress): void {
  pages.addHook('onRequest', (request, reply, done) => {
    const asked = askedLanguage(request)
    if (asked !== null && languages.has(asked) && !isFromForeignPage(request.headers, address))
      reply.header('set-cookie', pages.serializeCookie(languageChoiceName, asked, cookieOptions(address)))
    done()
  })
}

/** Not `HttpOnly`: the switch of a page with a script writes it as well. */
function cookieOptions({ publicUrl }: PublicAddress) {
  return {
    path: '/',
    sameSite: 'lax',
    secure: publicUrl?.startsWith('https:') ?? false,
    maxAge: languageChoiceSeconds,
  } as const
}

function askedLanguage({ url }: FastifyRequest): string | null {
  return new URLSearchParams(url.split('?')[1] ?? '').get(languageQueryName)
}
