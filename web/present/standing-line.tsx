import type { Poll } from '../../client/src/index.ts'
import { useNow } from '../follow/use-now.ts'
import { say } from '../i18n/say.ts'
import { nextChange, type Status } from '../poll/status.ts'
import type { Arrangement } from './arrange.ts'
import { tellNext } from './standing.ts'

type Props = { readonly poll: Poll; readonly status: Status; readonly arrangement: Arrangement }

/** Where the poll stands, what comes next by itself, and what of it the screen has room for. */
export function StandingLine({ poll, status, arrangement }: Props) {
  const now = useNow(nextChange(status, poll) !== null)
  return (
    <div class="standing">
      <p class="state" data-status={status}>
        {say(`common.status_${status}`)}
      </p>
      <p class="next">{tellNext(status, poll, now)}</p>
      <p class="note">{noteOf(arrangement)}</p>
    </div>
  )
}

function noteOf({ bars, left, isRanked }: Arrangement): string {
  const count = bars.length + left
  if (left === 0) return isRanked ? say('present.all_ranked', { count }) : ''
  return say(isRanked ? 'present.most_voted_of' : 'present.first_of', { most: bars.length, count })
}
