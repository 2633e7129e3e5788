import type { Poll } from '../../client/src/index.ts'
import { say } from '../i18n/say.ts'
import type { Arrangement } from './arrange.ts'
import { tellNext } from './standing.ts'
import type { Status } from '../follow/status.ts'
import { useNow } from '../follow/use-now.ts'

type Props = { readonly poll: Poll; readonly status: Status; readonly arrangement: Arrangement }

/** Where the poll stands, what comes next by itself, and what of it the screen has room for. */
export function StandingLine({ poll, status, arrangement }: Props) {
  const hasTime = (status === 'scheduled' && poll.opens_at !== null) || (status === 'open' && poll.closes_at !== null)
  const next = tellNext(status, poll, useNow(hasTime))
  return (
    <div class="standing">
      <p class="state" data-status={status}>
        {say(`present.status_${status}`)}
      </p>
      <p class="next">{next}</p>
      <p class="note">{noteOf(arrangement)}</p>
    </div>
  )
}

function noteOf({ bars, left, isRanked }: Arrangement): string {
  const count = bars.length + left
  if (left === 0) return isRanked ? say('present.all_ranked', { count }) : ''
  return say(isRanked ? 'present.most_voted_of' : 'present.first_of', { most: bars.length, count })
}
