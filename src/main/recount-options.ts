import { parseArgs } from 'node:util'
import { isPollId } from '../application/poll-id.ts'

export const usage = `Counts the votes in the ledger anew and compares them with the tally, for every option and every round. Changes nothing.

  npm run recount -- <poll>    one poll, by its id
  npm run recount -- --all     every poll that is not deleted

It reads the database that DATABASE_URL names; else that of the Tallycast that runs on DATA_DIR (default ./data).
Exit status: 0 everything agrees, 1 something differs, 2 it could not be counted.`

/** `pollId` null: every poll. */
export type RecountOptions = { readonly pollId: string | null }

/** Reads the words behind the command. A text is what is wrong with them; null asks for help. */
export function readRecountOptions(args: readonly string[]): RecountOptions | string | null {
  let given
  try {
    const options = { all: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } as const
    given = parseArgs({ args: [...args], options, allowPositionals: true })
  } catch (fault) {
    return fault instanceof Error ? fault.message : String(fault)
  }
  const { values, positionals } = given
  if (values.help === true) return null
  const [pollId] = positionals
  if (positionals.length + (values.all === true ? 1 : 0) !== 1) return 'Name one poll, or say --all.'
  if (pollId === undefined) return { pollId: null }
  return isPollId(pollId) ? { pollId } : `${JSON.stringify(pollId)} is no id of a poll.`
}
