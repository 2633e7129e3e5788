import { TallycastError } from '../../client/src/index.ts'
import type { Message } from '../i18n/say.ts'

const told: ReadonlyMap<string, Message> = new Map([
  ['already_voted', ['embed.already_voted']],
  ['code_used', ['embed.already_voted']],
  ['poll_closed', ['embed.ended']],
  ['poll_not_open', ['embed.not_begun']],
  ['unreachable', ['embed.not_sent']],
  ['rate_limited', ['embed.not_sent']],
  ['overloaded', ['embed.not_sent']],
  ['unavailable', ['embed.not_sent']],
])
const somethingElse: Message = ['common.something_wrong']

/** What a voter is told whose vote was not taken. */
export function explainFault(error: unknown, asksForCode: boolean): Message {
  if (!(error instanceof TallycastError)) return somethingElse
  // There is no form for whoever would have to be signed in and shows nothing.
  if (error.status === 401) return asksForCode ? ['embed.code_wrong'] : ['embed.sign_in_again']
  return told.get(error.code) ?? somethingElse
}
