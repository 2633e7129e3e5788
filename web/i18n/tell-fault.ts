import type { Message } from './say.ts'

/** What the pages say in words of their own, by the code of the problem. */
const told = [
  'already_voted',
  'change_not_allowed',
  'code_limit_reached',
  'code_used',
  'no_vote',
  'option_unknown',
  'overloaded',
  'poll_closed',
  'poll_final',
  'poll_not_found',
  'poll_not_open',
  'rate_limited',
  'round_not_current',
  'unavailable',
  'unreachable',
] as const

/** Why something was refused, for the person who sees it. What there are no words for is told in the service's own, which are English. */
export function tellFault(code: string, detail: string): Message {
  const known = told.find((name) => name === code)
  return known === undefined ? ['faults.in_english', { detail }] : [`faults.${known}`]
}
