import { useFollowed } from '../follow/use-followed.ts'
import { say } from '../i18n/say.ts'
import { connectionOf } from '../poll/connection.ts'
import { spellJoinCode, spellWhereToJoin } from '../poll/join-code.ts'
import { statusOf, whyHidden } from '../poll/status.ts'
import { arrange } from './arrange.ts'
import { Bars } from './bars.tsx'
import { Controls } from './controls.tsx'
import { PaceChart } from './pace-chart.tsx'
import { StandingLine } from './standing-line.tsx'
import { useOrganiser } from './use-organiser.ts'
import { Viewers } from './viewers.tsx'

type Props = {
  readonly pollId: string
  readonly joinUrl: string
  readonly token: string | null
  readonly isOverlay: boolean
}

/** The big screen: a poll, its result as it comes in, and how to join. For whoever has the manage token also the keys to open and close it. */
export function PresentPage({ pollId, joinUrl, token, isOverlay }: Props) {
  const organiser = useOrganiser(pollId, token)
  const { followed, isShown, show } = useFollowed(pollId, organiser.token)
  const { poll, tally, connection, isGone } = followed
  if (poll === null) return <p class="await">{say(isGone ? 'message.no_poll' : 'present.connecting')}</p>
  const status = statusOf(followed, poll)
  const hidden = whyHidden(poll.results_visibility, status)
  const mayShow = hidden === null || isShown
  const counted = mayShow && tally !== null && tally.total_votes !== null ? tally : null
  const arrangement = arrange(poll.options, counted)
  return (
    <>
      <header class="asked">
        <StandingLine poll={poll} status={status} arrangement={arrangement} />
        <h1 dir="auto" class={lengthOf(poll.question)}>
          {poll.question}
        </h1>
      </header>
      <Bars arrangement={arrangement} />
      <aside class="beside">
        <img class="code" src={`/p/${pollId}/qr.svg`} alt={say('common.qr_code')} />
        {poll.join_code !== null && (
          <p class="join-code">
            <bdi dir="ltr">{spellJoinCode(poll.join_code)}</bdi>
          </p>
        )}
        {counted !== null && <PaceChart tally={counted} connection={connection} isOpen={status === 'open'} />}
        {!mayShow && hidden !== null && <p class="hidden-note">{say(`present.hidden_${hidden}`)}</p>}
        <Viewers pollId={pollId} />
      </aside>
      <Controls
        pollId={pollId}
        address={spellWhereToJoin(joinUrl, poll.join_code)}
        organiser={organiser}
        status={status}
        connection={connectionOf(connection, status)}
        isHidden={hidden !== null}
        isRevealed={isShown}
        onReveal={show}
        isOverlay={isOverlay}
      />
    </>
  )
}

/** How large a question can be written. */
function lengthOf({ length }: string): string {
  if (length <= 60) return 'short'
  return length <= 160 ? 'middling' : 'long'
}
