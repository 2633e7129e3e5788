import type { Poll } from '../../client/src/index.ts'
import type { Arrangement } from './arrange.ts'
import { nameStatus, type Status, tellNext } from './standing.ts'
import { useNow } from './use-now.ts'

type Props = { readonly poll: Poll; readonly status: Status; readonly arrangement: Arrangement }

/** Where the poll stands, what comes next by itself, and what of it the screen has room for. */
export function StandingLine({ poll, status, arrangement }: Props) {
  const hasTime = (status === 'scheduled' && poll.opens_at !== null) || (status === 'open' && poll.closes_at !== null)
  const next = tellNext(status, poll, useNow(hasTime))
  return (
    <div class="standing">
      <p class="state" data-status={status}>
        {nameStatus(status)}
      </p>
      <p class="next">{next}</p>
      <p class="note">{noteOf(arrangement)}</p>
    </div>
  )
}

function noteOf({ bars, left, isRanked }: Arrangement): string {
  const all = bars.length + left
  if (left === 0) return isRanked ? `${all} options, the most voted first` : ''
  return isRanked ? `The ${bars.length} most voted of ${all} options` : `The first ${bars.length} of ${all} options`
}
