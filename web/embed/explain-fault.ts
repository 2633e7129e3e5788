import { TallycastError } from '../../client/src/index.ts'
import type { Message } from '../i18n/say.ts'

/** What is said of a vote for a round that is over, and is read in the one that follows. */
export const begunAnew: Message = ['embed.begun_anew']

const told: ReadonlyMap<string, Message> = new Map([
  ['already_voted', ['embed.already_voted']],
  ['code_used', ['embed.already_voted']],
  ['poll_closed', ['embed.ended']],
  ['round_not_current', begunAnew],
  ['poll_not_open', ['embed.not_begun']],
  ['unreachable', ['embed.not_answered']],
  ['unreadable', ['embed.not_answered']],
  ['unavailable', ['embed.not_answered']],
  ['rate_limited', ['embed.not_sent']],
  ['overloaded', ['embed.not_sent']],
])
const somethingElse: Message = ['common.something_wrong']

/** What a voter is told whose vote was not taken. */
export function explainFault(error: unknown, asksForCode: boolean): Message {
  if (!(error instanceof TallycastError)) return somethingElse
  // There is no form for whoever would have to be signed in and shows nothing.
  if (error.status === 401) return asksForCode ? ['embed.code_wrong'] : ['embed.sign_in_again']
  return told.get(error.code) ?? somethingElse
}

/** Whether nobody here knows if the vote has arrived, or one that was sent before with the same key has (`wasUnknown`). */
export function isUnknown(error: unknown, wasUnknown: boolean): boolean {
  if (!(error instanceof TallycastError) || error.status === 429) return wasUnknown
  return error.code === 'unreachable' || error.code === 'unreadable' || error.status >= 500
}
