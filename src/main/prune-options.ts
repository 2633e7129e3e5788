import { isPollId } from '../application/poll-id.ts'
import { flag, parseWords, text } from '../terminal/parse-words.ts'

export const usage = `Takes the votes of old rounds out of the ledger. Totals stay, and of a final round the signed result; exports of its votes and recounts do not.

  npm run prune -- --before <day>      what would go: closed polls, earlier rounds and deleted polls in which nothing has changed since that
                                       day (2026-01-31, UTC), which is at least a day ago
  … --poll <poll>                      of one poll alone
  … --remove                           removes it. There is no way back but your backup.
  … --json                             what was found or done, as one JSON document a line

It needs the environment of an api process: PUBLIC_URL and the key that signs results stand in what is kept. It uses the database that
DATABASE_URL names; else that of the Tallycast that runs on DATA_DIR (default ./data).
Exit status: 0 done, 1 a round whose tally and ledger differ was left alone, 2 not done.`

const dayMs = 86_400_000

/** `pollId` null: every poll. `before` in milliseconds since 1970. */
export type PruneOptions = {
  readonly before: number
  readonly pollId: string | null
  readonly isRemoving: boolean
  readonly isJson: boolean
}

/** Reads the words behind the command. A text is what is wrong with them; null asks for help. */
export function readPruneOptions(args: readonly string[], now: number): PruneOptions | string | null {
  const given = parseWords(args, { before: text, poll: text, remove: flag, json: flag })
  if (given === null || typeof given === 'string') return given
  const { before: day, poll: pollId = null, remove: isRemoving = false, json: isJson = false } = given.values
  if (given.positionals.length > 0)
    return `${JSON.stringify(given.positionals[0])} is not understood; polls are named with --poll.`
  if (day === undefined) return 'Say --before which day.'
  const before = readDay(day)
  if (before === null) return `--before is a day, as 2026-01-31, not ${JSON.stringify(day)}.`
  if (before > now - dayMs)
    return '--before lies less than a day back: votes of such a round may still be on their way.'
  if (pollId !== null && !isPollId(pollId)) return `${JSON.stringify(pollId)} is no id of a poll.`
  return { before, pollId, isRemoving, isJson }
}

/** Its begin, UTC; null where the calendar has no such day. */
function readDay(day: string): number | null {
  const time = /^\d{4}-\d\d-\d\d$/.test(day) ? Date.parse(`${day}T00:00:00.000Z`) : Number.NaN
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(day) ? time : null
}
