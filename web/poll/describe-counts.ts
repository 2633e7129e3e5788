import { formatPercent } from '../i18n/format.ts'
import { say } from '../i18n/say.ts'
import { type CountedOption, leadingOption } from './count-options.ts'

/** How a poll stands, in one sentence for who cannot see its bars; empty where the result is hidden. */
export function describeCounts(options: readonly CountedOption[], total: number | null): string {
  if (total === null) return ''
  const votes = say('common.votes', { count: total })
  const leading = leadingOption(options)
  if (leading === null) return votes
  return say('common.leading', { votes, option: leading.text, share: formatPercent(leading.share ?? 0) })
}
