import { useEffect, useState } from 'preact/hooks'
import type { Poll, TallyMessage } from '../../client/src/index.ts'
import { formatNumber, formatTime } from '../i18n/format.ts'
import { say } from '../i18n/say.ts'
import { isRefusal } from '../organiser/try-token.ts'
import type { Status } from '../poll/status.ts'
import type { OrganiserCalls, Progress } from './organiser-calls.ts'

type Props = {
  readonly poll: Poll
  /** As it may be seen; null where counts are hidden. */
  readonly tally: TallyMessage | null
  readonly calls: Pick<OrganiserCalls, 'progress'>
  readonly status: Status
  readonly onRefused: () => void
}

/** How far the votes have come, and of what moment the counts are. */
export function Facts({ poll, tally, calls, status, onRefused }: Props) {
  const progress = useProgress(calls, tally !== null, status, poll.round, onRefused)
  return (
    <section class="card" aria-labelledby="facts">
      <h2 id="facts">{say('manage.facts')}</h2>
      {tally === null ? (
        <p class="soft">{say('manage.facts_hidden')}</p>
      ) : (
        <dl class="facts">
          <Fact name={say('manage.fact_accepted')} value={tellCount(progress?.accepted_votes)} />
          <Fact name={say('manage.fact_recorded')} value={tellCount(progress?.recorded_votes)} />
          <Fact name={say('manage.fact_waiting')} value={tellCount(progress?.waiting_votes)} />
          <Fact name={say('manage.fact_lag')} value={tellLag(progress?.oldest_waiting_ms)} />
          <Fact name={say('manage.fact_round')} value={formatNumber(poll.round)} />
          <Fact name={say('manage.fact_version')} value={tellCount(tally.version)} />
          <Fact
            name={say('manage.fact_as_of')}
            value={tally.as_of === null ? unknown : formatTime(new Date(tally.as_of))}
          />
        </dl>
      )}
    </section>
  )
}

function Fact({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  )
}

/** Before it was heard for the first time, and while it cannot be. */
const unknown = '–'

function tellCount(count: number | null = null): string {
  return count === null ? unknown : formatNumber(count)
}

function tellLag(ms: number | undefined): string {
  if (ms === undefined) return unknown
  if (ms < 1_000) return say('manage.milliseconds', { count: Math.round(ms) })
  return say('manage.seconds', { count: formatNumber(ms / 1_000, 1) })
}

const askEveryMs = 2_000

/** Asked for whenever the poll has come a step further, and now and then while votes come and somebody looks; null while it is not known. */
function useProgress(
  calls: Pick<OrganiserCalls, 'progress'>,
  isWanted: boolean,
  status: Status,
  round: number,
  onRefused: () => void,
): Progress | null {
  const [progress, setProgress] = useState<Progress | null>(null)
  useEffect(() => {
    const isMoving = status === 'open' || status === 'closing'
    let isLeft = false
    let timer: ReturnType<typeof setTimeout> | undefined

    function show(answer: Progress | null): void {
      if (isLeft) return
      setProgress(answer)
      askLater()
    }

    function askLater(): void {
      if (isMoving) timer = setTimeout(() => (document.hidden ? askLater() : ask()), askEveryMs)
    }

    function ask(): void {
      calls.progress().then(show, (error: unknown) => {
        if (isRefusal(error) && !isLeft) onRefused()
        else show(null)
      })
    }

    if (isWanted) ask()
    return () => {
      isLeft = true
      clearTimeout(timer)
    }
  }, [calls, isWanted, status, round])
  return progress
}
