import { isWebAddress, text } from '../../src/terminal/parse-words.ts'
import type { PollWord } from './poll-word.ts'
import { WrongWords } from './trouble.ts'

const defaultUrl = 'http://localhost:8000'

/** Where the service is, and what is shown there; tokens are null where there is none. */
export type Place = {
  readonly url: string
  /** As an organiser: a manage token or an API key. */
  readonly token: string | null
  readonly voterToken: string | null
}

export type Environment = Readonly<Record<string, string | undefined>>

export const urlOption = { url: text } as const
export const keyOption = { 'api-key': text } as const
export const organiserOptions = { ...keyOption, 'manage-token': text } as const
export const voterOption = { 'voter-token': text } as const

export const urlText = `  --url <address>          where Tallycast answers, else TALLYCAST_URL (default ${defaultUrl})`
export const keyText = '  --api-key <key>          an API key, else TALLYCAST_API_KEY'
export const organiserText = `  --manage-token <token>   what a manage link brings, else TALLYCAST_MANAGE_TOKEN\n${keyText}`
export const voterText = `  --voter-token <token>    a session that was kept, a voting code, or a token of your application; else
                           TALLYCAST_VOTER_TOKEN`

const variables = {
  'api-key': 'TALLYCAST_API_KEY',
  'manage-token': 'TALLYCAST_MANAGE_TOKEN',
  'voter-token': 'TALLYCAST_VOTER_TOKEN',
} as const
type Shown = keyof typeof variables
export const readerTokens: readonly Shown[] = ['api-key', 'manage-token', 'voter-token']

type Given = { readonly [Name in Shown | 'url']?: string | undefined }

/**
 * Whom to ask, and as whom: by the command's own words, else by the environment, but never with more than this command `shows`. Tokens of the environment
 * belong to the service that it names: a link to another one is not shown them. Throws `WrongWords`.
 */
export function readPlace(
  given: Given,
  environment: Environment,
  poll: PollWord | null,
  shows: readonly Shown[],
): Place {
  const linked = poll?.url ?? null
  if (linked !== null && given.url !== undefined)
    throw new WrongWords('The link says where the poll is: leave out --url.')
  const home = given.url ?? (environment['TALLYCAST_URL'] || defaultUrl)
  if (!isWebAddress(home)) {
    throw new WrongWords(`--url (or TALLYCAST_URL) begins with https:// or http://, unlike ${JSON.stringify(home)}.`)
  }
  const isHome = linked === null || addressOf(linked, '') === addressOf(home, '')
  const kept = (name: Shown): string | null => (isHome && shows.includes(name) && environment[variables[name]]) || null
  const ofLink = shows.includes('manage-token') ? poll?.manageToken : null
  const said = given['manage-token'] ?? ofLink ?? given['api-key']
  const token = said ?? kept('manage-token') ?? kept('api-key')
  const voterToken = given['voter-token'] ?? kept('voter-token')
  for (const shown of [token, voterToken]) {
    if (shown !== null && !/^[\x21-\x7e]+$/.test(shown)) {
      throw new WrongWords('A token has at least one character, and neither spaces nor line breaks.')
    }
  }
  return { url: linked ?? home, token, voterToken }
}

/** An address below the service's own, which may have a path. */
export function addressOf(url: string, path: string): string {
  const { origin, pathname } = new URL(url)
  return `${origin}${pathname.replace(/\/*$/, '/')}${path}`
}
