import { useEffect, useState } from 'preact/hooks'
import type { Poll, TallyMessage, WatchStatus } from '../../client/src/index.ts'
import { formatClock } from '../i18n/format.ts'
import { say } from '../i18n/say.ts'
import { SaidWith, slot } from './said-with.tsx'
import { hiddenNotes } from './status.ts'
import type { Status } from '../follow/status.ts'
import { useMounted } from './use-mounted.ts'

type Props = {
  readonly poll: Poll
  readonly tally: TallyMessage
  readonly status: Status
  readonly connection: WatchStatus
}

/** How many votes there are, or why that is not said; of when that is, and whether it is still followed. */
export function Totals({ poll, tally: { total_votes: total, as_of: asOf }, status, connection }: Props) {
  const hidden = hiddenNotes[poll.results_visibility]
  return (
    <div class="totals">
      {total !== null && (
        <p class="total" id="total">
          {say('vote.votes', { count: total })}
        </p>
      )}
      {total === null && hidden !== null && <p class="hidden-note">{say(hidden)}</p>}
      {total !== null && asOf !== null && <AsOf at={asOf} />}
      <Connection connection={connection} status={status} />
    </div>
  )
}

function AsOf({ at }: { readonly at: string }) {
  const isMounted = useMounted()
  return (
    <p class="as-of">
      <SaidWith text={say('vote.as_of', { time: slot })}>
        <time datetime={at}>{formatClock(new Date(at), isMounted ? undefined : 'UTC')}</time>
      </SaidWith>
    </p>
  )
}

/** A connection that comes back at once is not worth a word. */
const sayWaitingAfterMs = 1_500

/** A final poll has no news, so its connection has ended as it should. */
function Connection({ connection, status }: Pick<Props, 'connection' | 'status'>) {
  const isLive = connection === 'live'
  const [isLate, setIsLate] = useState(false)
  useEffect(() => {
    setIsLate(false)
    if (isLive) return
    const timer = setTimeout(() => setIsLate(true), sayWaitingAfterMs)
    return () => clearTimeout(timer)
  }, [isLive])
  if (status === 'closed' || (!isLive && !isLate)) return null
  const text = isLive ? 'vote.live' : connection === 'closed' ? 'vote.connection_lost' : 'vote.connecting_again'
  return (
    <p id="connection" class={isLive ? 'live' : 'waiting'}>
      {say(text)}
    </p>
  )
}
