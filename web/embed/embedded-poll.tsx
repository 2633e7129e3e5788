import { useEffect, useRef } from 'preact/hooks'
import type { Poll, WatchStatus } from '../../client/src/index.ts'
import { formatTime } from '../i18n/format.ts'
import { say } from '../i18n/say.ts'
import { BallotForm } from './ballot-form.tsx'
import type { Source } from './cast-vote.ts'
import { Choices } from './choices.tsx'
import { nameStatus, tellRest, whyHidden } from './describe.ts'
import { type Standing, standingOf } from './standing.ts'
import { useAnnouncement } from './use-announcement.ts'
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
  const standing = poll === null ? null : standingOf(poll, tally)
  const announcement = useAnnouncement(standing)
  if (isGone || standing?.status === 'deleted') return <p class="message">{say('embed.gone')}</p>
  if (poll === null || standing === null)
    return (
      <p class="message" role="status">
        {say(connection === 'waiting' ? 'embed.connecting' : 'embed.loading')}
      </p>
    )
  const isOpen = standing.status === 'open'
  const canSend = isOpen && (ballot.own === null ? !ballot.hasJustVoted : poll.allow_vote_change)
  const needsHost = poll.voter_identity === 'token' && source.hostToken === null
  return (
    <section
      part="poll"
      aria-labelledby="question"
      lang={language}
      dir={say('common.direction') === 'rtl' ? 'rtl' : 'ltr'}
    >
      <p class="state" part="state" data-status={standing.status}>
        {nameStatus(standing.status)}
      </p>
      <Heading id="question" part="question" dir="auto">
        {poll.question}
      </Heading>
      {poll.description !== '' && (
        <p class="description" part="description" dir="auto">
          {poll.description}
        </p>
      )}
      <When status={standing.status} poll={poll} />
      <Notices ballot={ballot} poll={poll} standing={standing} needsHost={needsHost} />
      {canSend && !needsHost ? (
        <BallotForm
          key={`${ballot.round} ${ballot.turn}`}
          ballot={ballot}
          poll={poll}
          options={standing.options}
          speak={speak}
        />
      ) : (
        <Choices options={standing.options} own={ballot.own ?? []} />
      )}
      <p class="foot">
        <Total poll={poll} standing={standing} />
        <Connection isFinal={standing.isFinal} connection={connection} />
      </p>
      <p class="unseen" aria-live="polite">
        {announcement}
      </p>
    </section>
  )
}

function When({ status, poll: { opens_at, closes_at } }: { readonly status: Standing['status']; readonly poll: Poll }) {
  const at = status === 'scheduled' ? opens_at : status === 'open' ? closes_at : null
  if (at === null) return null
  const time = formatTime(new Date(at))
  return <p class="when">{say(status === 'open' ? 'embed.closes' : 'embed.opens', { time })}</p>
}

type NoticesProps = {
  readonly ballot: Ballot
  readonly poll: Poll
  readonly standing: Standing
  readonly needsHost: boolean
}

/** What has become of the voter's own vote, or why there can be none. It has the focus when the button that was pressed may be gone. */
function Notices({ ballot, poll, standing, needsHost }: NoticesProps) {
  const place = useRef<HTMLDivElement>(null)
  const { own, notice, hasJustVoted, isSending } = ballot
  const wasSending = useRef(false)
  useEffect(() => {
    if (wasSending.current && !isSending) place.current?.focus({ preventScroll: true })
    wasSending.current = isSending
  }, [isSending])
  const mine = poll.options.filter(({ id }) => own?.includes(id)).map(({ text }) => text)
  const isOpen = standing.status === 'open'
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
      {!isOpen && <p>{tellRest(standing.status)}</p>}
    </div>
  )
}

function Total({ poll, standing: { totalVotes } }: { readonly poll: Poll; readonly standing: Standing }) {
  const text = totalVotes === null ? whyHidden(poll.results_visibility) : say('embed.votes', { count: totalVotes })
  return <span part="total">{text}</span>
}

function Connection({ isFinal, connection }: { readonly isFinal: boolean; readonly connection: WatchStatus }) {
  if (isFinal || (connection !== 'live' && connection !== 'waiting')) return null
  return (
    <span class={`connection ${connection}`} part="connection">
      {say(connection === 'waiting' ? 'embed.connecting' : 'embed.live')}
    </span>
  )
}
