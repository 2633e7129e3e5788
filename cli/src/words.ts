import type { ParseArgsConfig } from 'node:util'
import { parseWords } from '../../src/terminal/parse-words.ts'
import { WrongWords } from './trouble.ts'

/** The words behind a command; null asks for help. Throws `WrongWords`. */
export function readWords<const Known extends NonNullable<ParseArgsConfig['options']>>(
  args: readonly string[],
  known: Known,
) {
  const given = parseWords(args, known)
  if (typeof given === 'string') throw new WrongWords(given)
  return given
}

/** One of the words that an option takes; undefined where it is left out, which is the service's to decide. */
export function choiceOf<Choice extends string>(
  option: string,
  word: string | undefined,
  choices: readonly Choice[],
): Choice | undefined {
  const chosen = choices.find((choice) => choice === word)
  if (word !== undefined && chosen === undefined) {
    throw new WrongWords(`${option} is one of ${choices.join(', ')}, not ${JSON.stringify(word)}.`)
  }
  return chosen
}

export function numberOf(option: string, word: string | undefined): number | undefined {
  if (word === undefined) return undefined
  if (!/^[1-9]\d{0,8}$/.test(word))
    throw new WrongWords(`${option} is a whole number from 1, not ${JSON.stringify(word)}.`)
  return Number(word)
}

/** A moment as RFC 3339 has it, in UTC. Without an offset it is one of this machine's clock. */
export function timeOf(option: string, word: string | undefined): string | undefined {
  if (word === undefined) return undefined
  const ms = /^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(word) ? Date.parse(word) : Number.NaN
  if (Number.isNaN(ms)) throw new WrongWords(`${option} is a time like 2026-12-31T20:00, not ${JSON.stringify(word)}.`)
  return new Date(ms).toISOString()
}
