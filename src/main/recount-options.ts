import { isPollId } from '../application/poll-id.ts'
import { flag, parseWords } from '../terminal/parse-words.ts'

export const usage = `Counts the votes in the ledger anew and compares them with the tally, for every option and every round. Changes nothing.

  npm run recount -- <poll>    one poll, by its id
  npm run recount -- --all     every poll that is not deleted
  … --json                     what was found, as one JSON document; with --all it names the polls that differ

It reads the database that DATABASE_REPLICA_URL or, without it, DATABASE_URL names; else that of the Tallycast that runs on DATA_DIR (default ./data).
Exit status: 0 everything agrees, 1 something differs, 2 it could not be counted.`

/** `pollId` null: every poll. */
export type RecountOptions = { readonly pollId: string | null; readonly isJson: boolean }

/** Reads the words behind the command. A text is what is wrong with them; null asks for help. */
export function readRecountOptions(args: readonly string[]): RecountOptions | string | null {
  const given = parseWords(args, { all: flag, json: flag })
  if (given === null || typeof given === 'string') return given
  const { values, positionals } = given
  const { json: isJson = false } = values
  const [pollId] = positionals
  if (positionals.length + (values.all === true ? 1 : 0) !== 1) return 'Name one poll, or say --all.'
  if (pollId === undefined) return { pollId: null, isJson }
  return isPollId(pollId) ? { pollId, isJson } : `${JSON.stringify(pollId)} is no id of a poll.`
}
