import type { Poll } from '../../client/src/index.ts'
import type { Status } from '../follow/status.ts'
import { formatDuration } from '../i18n/format.ts'
import type { TextKey } from '../i18n/messages.ts'
import { say } from '../i18n/say.ts'

type Times = Pick<Poll, 'opens_at' | 'closes_at'>

/** What happens next by itself, and when; empty where nothing does. */
export function tellNext(status: Status, { opens_at, closes_at }: Times, now: number): string {
  switch (status) {
    case 'scheduled':
      return opens_at === null ? '' : countdown('present.opens_in', 'present.opening_now', Date.parse(opens_at) - now)
    case 'open':
      return closes_at === null
        ? ''
        : countdown('present.closes_in', 'present.closing_now', Date.parse(closes_at) - now)
    case 'closing':
      return say('present.counting')
    case 'draft':
    case 'closed':
    case 'deleted':
      return ''
  }
}

/** Once the time is there the service acts, and the news of it is on its way. */
function countdown(comes: TextKey, due: TextKey, ms: number): string {
  return ms <= 0 ? say(due) : say(comes, { time: formatDuration(ms) })
}

const hiddenNotes = {
  always: null,
  after_vote: 'present.hidden_after_vote',
  after_close: 'present.hidden_after_close',
  never: 'present.hidden_never',
} as const satisfies Record<Poll['results_visibility'], TextKey | null>

/**
 * Why a screen in front of everybody shows no result; null where it may. It is seen by people who have not voted, whatever the browser that
 * draws it may see.
 */
export function whyHidden(visibility: Poll['results_visibility'], status: Status): TextKey | null {
  if (status === 'closed' && visibility !== 'never') return null
  return hiddenNotes[visibility]
}
