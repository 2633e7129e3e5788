import { flag } from '../../src/terminal/parse-words.ts'
import type { Asked } from './command.ts'
import { type PollWord, readOnlyPoll } from './poll-word.ts'
import { type Environment, organiserOptions, readPlace, urlOption } from './place.ts'
import { readWords } from './words.ts'

/** Of one poll, by whoever manages it. */
export type Organised = Asked & { readonly poll: PollWord }

export const organisedOptions = { ...urlOption, ...organiserOptions, json: flag } as const

type Given = Parameters<typeof readPlace>[0] & { readonly json?: boolean | undefined }

/** Null asks for help. Throws `WrongWords`. */
export function readOrganised(args: readonly string[], environment: Environment): Organised | null {
  const given = readWords(args, organisedOptions)
  return given && organisedOf(given.values, given.positionals, environment)
}

/** The same from words that were told apart already. Throws `WrongWords`. */
export function organisedOf(values: Given, positionals: readonly string[], environment: Environment): Organised {
  const poll = readOnlyPoll(positionals)
  const place = readPlace(values, environment, poll, ['manage-token', 'api-key'])
  return { place, isJson: values.json === true, poll }
}
