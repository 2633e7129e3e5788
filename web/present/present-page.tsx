import { useEffect, useMemo, useState } from 'preact/hooks'
import { say } from '../i18n/say.ts'
import { arrange } from './arrange.ts'
import { Bars } from './bars.tsx'
import { Controls } from './controls.tsx'
import { type Followed, followPoll, nothingYet } from './follow-poll.ts'
import { createFreshClient } from './fresh-client.ts'
import { PaceChart } from './pace-chart.tsx'
import { StandingLine } from './standing-line.tsx'
import { whyHidden } from './standing.ts'
import { useOrganiser } from './use-organiser.ts'

type Props = {
  readonly pollId: string
  readonly joinUrl: string
  readonly token: string | null
  readonly isOverlay: boolean
}

/** The big screen: a poll, its result as it comes in, and how to join. For whoever has the manage token also the keys to open and close it. */
export function PresentPage({ pollId, joinUrl, token, isOverlay }: Props) {
  const organiser = useOrganiser(pollId, token)
  const { poll, tally, connection, isGone } = useFollowed(pollId, organiser.shownToken)
  if (poll === null) return <p class="await">{say(isGone ? 'message.no_poll' : 'present.connecting')}</p>
  const known = tally === null || tally.revision < poll.revision ? poll.status : tally.status
  const status = isGone ? 'deleted' : known
  const hidden = whyHidden(poll.results_visibility, status)
  const mayShow = hidden === null || organiser.shownToken !== null
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
      <Bars arrangement={arrangement} isFinal={tally?.results_final === true} />
      <aside class="beside">
        <img class="code" src={`/p/${pollId}/qr.svg`} alt={say('common.qr_code')} />
        {counted !== null && <PaceChart tally={counted} connection={connection} isOpen={status === 'open'} />}
        {!mayShow && hidden !== null && <p class="hidden-note">{say(hidden)}</p>}
      </aside>
      <Controls
        pollId={pollId}
        joinUrl={joinUrl}
        organiser={organiser}
        status={status}
        connection={connection}
        isHidden={hidden !== null}
        isOverlay={isOverlay}
      />
    </>
  )
}

/** As the public sees it, until the organiser asks for what is hidden: then anew, with the token. */
function useFollowed(pollId: string, token: string | null): Followed {
  const [followed, setFollowed] = useState(nothingYet)
  const client = useMemo(() => createFreshClient(token), [token])
  useEffect(() => {
    const unfollow = followPoll(client, pollId, (news) =>
      setFollowed((before) => ({ ...news, poll: news.poll ?? before.poll })),
    )
    return () => {
      unfollow()
      // Counts that the organiser alone may see do not stay when they are no longer asked for.
      setFollowed(({ poll }) => ({ ...nothingYet, poll }))
    }
  }, [client, pollId])
  return followed
}

/** How large a question can be written. */
function lengthOf({ length }: string): string {
  if (length <= 60) return 'short'
  return length <= 160 ? 'middling' : 'long'
}
