import type { Poll } from '../../client/src/index.ts'
import { useNow } from '../follow/use-now.ts'
import { formatDuration } from '../i18n/format.ts'
import { say } from '../i18n/say.ts'
import { nextChange, type Status } from '../poll/status.ts'
import { Moment } from './moment.tsx'
import { SaidWith, slot } from './said-with.tsx'
import { useMounted } from './use-mounted.ts'

type Props = {
  readonly poll: Poll
  readonly status: Status
  /** How far this device's clock is behind that of the service. */
  readonly behindMs: number
  /** How the question is ranked on the page. */
  readonly heading?: 'h1' | 'h2'
}

/** What is asked, and where the poll stands. */
export function PollHead({ poll, status, behindMs, heading: Heading = 'h1' }: Props) {
  const next = nextChange(status, poll)
  return (
    <header class="asked">
      <p class="standing">
        <span class="state" data-status={status}>
          {say(`common.status_${status}`)}
        </span>
        {next !== null && (
          <span class="when">
            <SaidWith text={say(next.isOpening ? 'common.opens' : 'common.closes', { time: slot })}>
              <Moment at={next.at} />
            </SaidWith>
          </span>
        )}
      </p>
      <Heading id="question" dir="auto">
        {poll.question}
      </Heading>
      {poll.description !== '' && (
        <p class="about" dir="auto">
          {poll.description}
        </p>
      )}
      {next !== null && <Countdown at={next.at} isOpening={next.isOpening} behindMs={behindMs} />}
    </header>
  )
}

type CountdownProps = { readonly at: string; readonly isOpening: boolean; readonly behindMs: number }

/** From a day on nobody counts seconds. */
const countedMs = 24 * 60 * 60_000

/** How long it is until then. Once the time is there the service acts, and the news of it is on its way. */
function Countdown({ at, isOpening, behindMs }: CountdownProps) {
  const isMounted = useMounted()
  const leftMs = Date.parse(at) - behindMs - useNow(isMounted)
  if (leftMs > countedMs) return null
  const name = isOpening ? 'countdown opening' : 'countdown'
  // Its place is kept from the beginning, so that nothing is pushed aside.
  if (!isMounted) return <p class={name} />
  const due = say(isOpening ? 'vote.opening_now' : 'vote.closing_now')
  return (
    <p class={name} role="timer">
      {leftMs <= 0 ? (
        due
      ) : (
        <SaidWith text={say(isOpening ? 'vote.opens_in' : 'vote.closes_in', { time: slot })}>
          <strong>{formatDuration(leftMs)}</strong>
        </SaidWith>
      )}
    </p>
  )
}
