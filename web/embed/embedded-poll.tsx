import { useEffect, useRef } from 'preact/hooks'
import type { Poll, WatchStatus } from '../../client/src/index.ts'
import { formatTime } from '../i18n/format.ts'
import { say } from '../i18n/say.ts'
import { Announcer } from '../poll/announcer.tsx'
import { connectionOf } from '../poll/connection.ts'
import { countOptions } from '../poll/count-options.ts'
import { describeCounts } from '../poll/describe-counts.ts'
import { nextChange, type Status, statusOf, whyHidden } from '../poll/status.ts'
import { BallotForm } from './ballot-form.tsx'
import type { Source } from './cast-vote.ts'
import { Choices } from './choices.tsx'
import { tellRest } from './tell-rest.ts'
import { type Ballot, type Tell, useBallot } from './use-ballot.ts'

type Props = {
  readonly source: Source
  readonly heading: 'h1' | 'h2'
  readonly tell: Tell
  /** Lets `say` speak the language of this element, and returns its tag. Each of two elements may have its own, so each says it before it is drawn. */
  readonly speak: () => string
}

/** A poll to vote in and to watch, within somebody else's page. */
export function EmbeddedPoll({ source, heading: Heading, tell, speak }: Props) {
  const language = speak()
  const ballot = useBallot(source, tell)
  const { poll, tally, connection, isGone } = ballot.followed
  if (isGone || tally?.status === 'deleted') return <p class="message">{say('embed.gone')}</p>
  if (poll === null)
    return (
      <p class="message" role="status">
        {say(connection === 'waiting' ? 'common.connection_connecting' : 'embed.loading')}
      </p>
    )
  const status = statusOf({ tally, isGone }, poll)
  // The definition brought counts along, for as long as no tally is here.
  const counted = tally ?? poll
  const options = countOptions(poll.options, counted)
  const canSend = status === 'open' && (ballot.own === null ? !ballot.hasJustVoted : poll.allow_vote_change)
  const needsHost = poll.voter_identity === 'token' && source.hostToken === null
  return (
    <section
      part="poll"
      aria-labelledby="question"
      lang={language}
      dir={say('common.direction') === 'rtl' ? 'rtl' : 'ltr'}
    >
      <p class="state" part="state" data-status={status}>
        {say(`common.status_${status}`)}
      </p>
      <Heading id="question" part="question" dir="auto">
        {poll.question}
      </Heading>
      {poll.description !== '' && (
        <p class="description" part="description" dir="auto">
          {poll.description}
        </p>
      )}
      <When status={status} poll={poll} />
      <Notices ballot={ballot} poll={poll} status={status} needsHost={needsHost} />
      {canSend && !needsHost ? (
        <BallotForm
          key={`${ballot.round} ${ballot.turn}`}
          ballot={ballot}
          poll={poll}
          options={options}
          speak={speak}
        />
      ) : (
        <Choices options={options} own={ballot.own ?? []} />
      )}
      <p class="foot">
        <span part="total">{tellTotal(counted.total_votes, poll, status)}</span>
        <Connection status={status} connection={connection} />
      </p>
      <Announcer version={counted.version} text={describeCounts(options, counted.total_votes)} />
    </section>
  )
}

function When({ status, poll }: { readonly status: Status; readonly poll: Poll }) {
  const next = nextChange(status, poll)
  if (next === null) return null
  const time = formatTime(new Date(next.at))
  return <p class="when">{say(next.isOpening ? 'common.opens' : 'common.closes', { time })}</p>
}

type NoticesProps = {
  readonly ballot: Ballot
  readonly poll: Poll
  readonly status: Status
  readonly needsHost: boolean
}

/** What has become of the voter's own vote, or why there can be none. It has the focus when the button that was pressed may be gone. */
function Notices({ ballot, poll, status, needsHost }: NoticesProps) {
  const place = useRef<HTMLDivElement>(null)
  const { own, notice, hasJustVoted, isSending } = ballot
  const wasSending = useRef(false)
  useEffect(() => {
    if (wasSending.current && !isSending) place.current?.focus({ preventScroll: true })
    wasSending.current = isSending
  }, [isSending])
  const mine = poll.options.filter(({ id }) => own?.includes(id)).map(({ text }) => text)
  const isOpen = status === 'open'
  return (
    <div class="notices" part="notice" tabindex={-1} ref={place}>
      {notice !== null && (
        <p class={notice.kind} role={notice.kind === 'problem' ? 'alert' : 'status'}>
          {say(...notice.message)}
        </p>
      )}
      {mine.length > 0 && <p class="done">{say('embed.voted_for', { options: mine.join(', ') })}</p>}
      {hasJustVoted && <p class="done">{say('embed.voted')}</p>}
      {isOpen && (hasJustVoted || (own !== null && poll.voter_identity === 'code')) && (
        <button type="button" class="quiet" part="button" onClick={ballot.startOver}>
          {say(hasJustVoted ? 'embed.again' : 'embed.other_code')}
        </button>
      )}
      {isOpen && needsHost && <p>{say('embed.sign_in')}</p>}
      {status !== 'open' && <p>{tellRest(status)}</p>}
    </div>
  )
}

/** How many votes there are, or why that is not said. */
function tellTotal(total: number | null, { results_visibility: visibility }: Poll, status: Status): string {
  if (total !== null) return say('common.votes', { count: total })
  const hidden = whyHidden(visibility, status)
  return hidden === null ? '' : say(`common.hidden_${hidden}`)
}

function Connection({ status, connection }: { readonly status: Status; readonly connection: WatchStatus }) {
  const state = connectionOf(connection, status)
  // The first connection is not worth a word.
  if (state === null || state === 'lost' || connection === 'connecting') return null
  return (
    <span class={`connection ${connection}`} part="connection">
      {say(`common.connection_${state}`)}
    </span>
  )
}
