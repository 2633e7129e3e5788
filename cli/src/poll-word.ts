import { WrongWords } from './trouble.ts'

/** A poll as somebody names it: by its id, or by a link, which also says where it is and may bring its manage token. */
export type PollWord = {
  readonly id: string
  /** Where the service of a link is; null for a plain id. */
  readonly url: string | null
  readonly manageToken: string | null
}

/** Throws `WrongWords` for what names no poll. */
export function readPollWord(word: string | undefined): PollWord {
  if (word === undefined || word === '') throw new WrongWords('Name a poll, by its id or its link.')
  if (!/^https?:/i.test(word)) {
    // Part of a link is no id, and may have a secret in it: it is neither sent nor shown.
    if (!/^[\w-]+$/.test(word))
      throw new WrongWords('Name a poll by its id, or by its whole link with http:// or https://.')
    return { id: word, url: null, manageToken: null }
  }
  const { origin, pathname, hash } = URL.canParse(word) ? new URL(word) : { origin: '', pathname: '', hash: '' }
  const [, base, id] = /^(.*)\/(?:p|polls)\/([\w-]+)(?:\/\w*)?$/.exec(pathname) ?? []
  if (base === undefined || id === undefined)
    throw new WrongWords(`${JSON.stringify(`${origin}${pathname}`)} is no link to a poll.`)
  return { id, url: `${origin}${base}`, manageToken: /^#manage=(.+)$/.exec(hash)?.[1] ?? null }
}

/** Where nothing but a poll is named. */
export function readOnlyPoll(positionals: readonly string[]): PollWord {
  if (positionals.length > 1) throw new WrongWords('Name one poll.')
  return readPollWord(positionals[0])
}
