import { flag } from '../../src/terminal/parse-words.ts'
import type { Asked } from './command.ts'
import { type PollWord, readOnlyPoll } from './poll-word.ts'
import { type Environment, organiserOptions, readerTokens, readPlace, urlOption, voterOption } from './place.ts'
import { readWords } from './words.ts'

/** Of one poll, by whoever may see it. */
export type Seen = Asked & { readonly poll: PollWord }

/** Null asks for help. Throws `WrongWords`. */
export function readSeen(args: readonly string[], environment: Environment): Seen | null {
  const given = readWords(args, { ...urlOption, ...organiserOptions, ...voterOption, json: flag })
  if (given === null) return null
  const poll = readOnlyPoll(given.positionals)
  const place = readPlace(given.values, environment, poll, readerTokens)
  return { place, isJson: given.values.json === true, poll }
}
