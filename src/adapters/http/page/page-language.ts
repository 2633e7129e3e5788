import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { FastifyReply } from 'fastify'
import { useLanguage } from '../../../../web/i18n/in-use.ts'
import type { Messages } from '../../../../web/i18n/messages.ts'
import { chooseLanguage } from './choose-language.ts'

/** A file for each language, named for its tag. */
const folder = join(import.meta.dirname, '../../../../web/messages')
/** Where the browser keeps what was chosen: the tag, and nothing else. */
const cookieName = 'tallycast_language'

const languages: ReadonlyMap<string, Messages> = new Map(
  readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => [
      basename(name, '.json'),
      // A test holds every file against en.json.
      JSON.parse(readFileSync(join(folder, name), 'utf8')) as Messages,
    ]),
)

/** Lets `say` speak the language of this request, until something is awaited; says to caches what the answer depends on. Returns its tag. */
export function speakLanguageOf(reply: FastifyReply): string {
  const { headers } = reply.request
  const cookie = headers.cookie?.includes(cookieName) ? reply.server.parseCookie(headers.cookie)[cookieName] : undefined
  const tag = chooseLanguage(headers['accept-language'], cookie, [...languages.keys()])
  // It is one of those that there are; or English, which always is.
  useLanguage(languages.get(tag)!, tag)
  reply.header('vary', 'Accept, Accept-Language, Cookie')
  return tag
}
