import type { Poll, TallyMessage } from '../../client/src/index.ts'

export type Status = TallyMessage['status']

type Times = Pick<Poll, 'opens_at' | 'closes_at'>

const names = {
  draft: 'Not open yet',
  scheduled: 'Not open yet',
  open: 'Open',
  closing: 'Closing',
  closed: 'Final result',
  deleted: 'Deleted',
} as const satisfies Record<Status, string>

/** Where a poll stands, in a word or two. */
export function nameStatus(status: Status): string {
  return names[status]
}

/** What happens next by itself, and when; empty where nothing does. */
export function tellNext(status: Status, { opens_at, closes_at }: Times, now: number): string {
  switch (status) {
    case 'scheduled':
      return opens_at === null ? '' : countdown('Opens', 'Opening…', Date.parse(opens_at) - now)
    case 'open':
      return closes_at === null ? '' : countdown('Closes', 'Closing…', Date.parse(closes_at) - now)
    case 'closing':
      return 'The last votes are being counted'
    case 'draft':
    case 'closed':
    case 'deleted':
      return ''
  }
}

/** Once the time is there the service acts, and the news of it is on its way. */
function countdown(what: string, due: string, ms: number): string {
  return ms <= 0 ? due : `${what} in ${formatDuration(ms)}`
}

/** `0:07`, `59:59`, `1:00:00`, and from a day on `2 days 3 h`. A second that has begun counts, so that 0:00 is never seen. */
export function formatDuration(ms: number): string {
  const whole = Math.ceil(ms / 1000)
  const [seconds, minutes, hours, days] = [
    whole % 60,
    Math.floor(whole / 60) % 60,
    Math.floor(whole / 3600) % 24,
    Math.floor(whole / 86_400),
  ]
  if (days > 0) return `${days} ${days === 1 ? 'day' : 'days'} ${hours} h`
  const two = (number: number): string => String(number).padStart(2, '0')
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds)}` : `${minutes}:${two(seconds)}`
}

const hiddenNotes = {
  always: null,
  after_vote: 'The result is hidden here until voting has closed',
  after_close: 'The result is hidden until voting has closed',
  never: 'The result of this poll stays hidden',
} as const satisfies Record<Poll['results_visibility'], string | null>

/**
 * Why a screen in front of everybody shows no result; null where it may. It is seen by people who have not voted, whatever the browser that
 * draws it may see.
 */
export function whyHidden(visibility: Poll['results_visibility'], status: Status): string | null {
  if (status === 'closed' && visibility !== 'never') return null
  return hiddenNotes[visibility]
}
