import type { Poll } from '../../client/src/index.ts'
import { formatDuration } from '../i18n/format.ts'
import { say } from '../i18n/say.ts'
import { nextChange, type Status } from '../poll/status.ts'

/** What happens next by itself, and when; empty where nothing does. */
export function tellNext(status: Status, times: Pick<Poll, 'opens_at' | 'closes_at'>, now: number): string {
  if (status === 'closing') return say('present.counting')
  const next = nextChange(status, times)
  if (next === null) return ''
  const leftMs = Date.parse(next.at) - now
  // Once the time is there the service acts, and the news of it is on its way.
  if (leftMs <= 0) return say(next.isOpening ? 'present.opening_now' : 'present.closing_now')
  return say(next.isOpening ? 'present.opens_in' : 'present.closes_in', { time: formatDuration(leftMs) })
}
