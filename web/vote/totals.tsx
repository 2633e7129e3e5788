import { useEffect, useState } from 'preact/hooks'
import type { Poll, TallyMessage, WatchStatus } from '../../client/src/index.ts'
import { formatClock } from '../i18n/format.ts'
import { say } from '../i18n/say.ts'
import { connectionOf } from '../poll/connection.ts'
import { type Status, whyHidden } from '../poll/status.ts'
import { SaidWith, slot } from './said-with.tsx'
import { useMounted } from './use-mounted.ts'

type Props = {
  readonly poll: Poll
  readonly tally: TallyMessage
  readonly status: Status
  readonly connection: WatchStatus
}

/** How many votes there are, or why that is not said; of when that is, and whether it is still followed. */
export function Totals({ poll, tally: { total_votes: total, as_of: asOf }, status, connection }: Props) {
  const hidden = whyHidden(poll.results_visibility, status)
  return (
    <div class="totals">
      {total !== null && (
        <p class="total" id="total">
          {say('common.votes', { count: total })}
        </p>
      )}
      {total === null && hidden !== null && <p class="hidden-note">{say(`common.hidden_${hidden}`)}</p>}
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

function Connection({ connection, status }: Pick<Props, 'connection' | 'status'>) {
  const state = connectionOf(connection, status)
  const isLive = state === 'live'
  const [isLate, setIsLate] = useState(false)
  useEffect(() => {
    setIsLate(false)
    if (isLive) return
    const timer = setTimeout(() => setIsLate(true), sayWaitingAfterMs)
    return () => clearTimeout(timer)
  }, [isLive])
  if (state === null || (!isLive && !isLate)) return null
  return (
    <p id="connection" class={isLive ? 'live' : 'waiting'}>
      {say(`common.connection_${state}`)}
    </p>
  )
}
