import { say } from '../i18n/say.ts'
import type { Status } from '../poll/status.ts'

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
