import type { Poll } from '../../client/src/index.ts'
import { formatPercent } from '../i18n/format.ts'
import { say } from '../i18n/say.ts'
import type { Standing } from './standing.ts'

type Status = Standing['status']

/** Where a poll stands, in a word or two. */
export function nameStatus(status: Status): string {
  switch (status) {
    case 'draft':
    case 'scheduled':
      return say('embed.state_waiting')
    case 'open':
      return say('embed.state_open')
    case 'closing':
      return say('embed.state_closing')
    case 'closed':
      return say('embed.state_closed')
    case 'deleted':
      return say('embed.gone')
  }
}

/** Why nobody can vote now. */
export function tellRest(status: Exclude<Status, 'open'>): string {
  switch (status) {
    case 'draft':
    case 'scheduled':
      return say('embed.not_begun')
    case 'closing':
      return say('embed.counting')
    case 'closed':
      return say('embed.ended')
    case 'deleted':
      return say('embed.gone')
  }
}

/** Why there are no counts; a poll that always shows them has none only for a moment. */
export function whyHidden(visibility: Poll['results_visibility']): string {
  switch (visibility) {
    case 'always':
      return ''
    case 'after_vote':
      return say('embed.hidden_after_vote')
    case 'after_close':
      return say('embed.hidden_after_close')
    case 'never':
      return say('embed.hidden_never')
  }
}

export function describeChoice({
  min_choices: least,
  max_choices: most,
}: Pick<Poll, 'min_choices' | 'max_choices'>): string {
  if (most === 1) return say('embed.choose_one')
  if (least === most) return say('embed.choose_exactly', { count: most })
  return least === 1 ? say('embed.choose_up_to', { count: most }) : say('embed.choose_between', { least, most })
}

/** How a poll stands, in one sentence for who cannot see its bars; empty where the result is hidden. */
export function describeStanding({ totalVotes, options }: Standing): string {
  const [first] = options.toSorted((a, b) => (b.votes ?? 0) - (a.votes ?? 0))
  if (totalVotes === null || first === undefined) return ''
  const votes = say('embed.votes', { count: totalVotes })
  if (totalVotes === 0) return votes
  return say('embed.leader', { votes, option: first.text, share: formatPercent(first.share ?? 0) })
}
