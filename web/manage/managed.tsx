import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { Client, Poll } from '../../client/src/index.ts'
import { createFreshClient } from '../follow/fresh-client.ts'
import { useFollowed } from '../follow/use-followed.ts'
import { formatTime } from '../i18n/format.ts'
import { LanguageSwitch } from '../i18n/language-switch.tsx'
import { type Message, say } from '../i18n/say.ts'
import { Codes } from '../organiser/codes.tsx'
import { forgetToken } from '../organiser/manage-token.ts'
import { isRefusal } from '../organiser/try-token.ts'
import { tellError } from '../organiser/tell-error.ts'
import { connectionOf } from '../poll/connection.ts'
import { nextChange, type Status, statusOf, whyHidden } from '../poll/status.ts'
import { Connection } from './connection.tsx'
import { EditForm } from './edit-form.tsx'
import { Endings } from './endings.tsx'
import { Exports } from './exports.tsx'
import { Facts } from './facts.tsx'
import { Gone, Heading } from './heading.tsx'
import { History } from './history.tsx'
import { Links } from './links.tsx'
import { createOrganiserCalls } from './organiser-calls.ts'
import { Result } from './result.tsx'
import { Said } from './said.tsx'
import { Steps } from './steps.tsx'
import { useActions } from './use-actions.ts'

type Props = {
  readonly pollId: string
  readonly question: string
  readonly base: string
  readonly token: string
  /** It was just typed or pasted into a field, which is gone. */
  readonly isEntered: boolean
  readonly onRefused: () => void
}

/** The poll and everything that its organiser can do with it. What is hidden is fetched when it is asked for, and not before. */
export function Managed({ pollId, question, base, token, isEntered, onRefused }: Props) {
  const client = useMemo(() => createFreshClient(token), [token])
  const calls = useMemo(() => createOrganiserCalls(pollId, token), [pollId, token])
  const [isDeleted, setIsDeleted] = useState(false)
  const [changes, setChanges] = useState(0)
  const { followed, again, isShown, show } = useFollowed(pollId, token)
  const actions = useActions(onRefused)
  const { poll, tally, connection } = followed
  const status = poll === null ? null : statusOf(followed, poll)
  const standing = useStanding(status, isEntered || changes > 0)

  const isGone = isDeleted || followed.isGone || status === 'deleted'
  useEffect(() => {
    if (isGone) forgetToken(pollId)
  }, [isGone])

  if (isGone) return <Gone />
  if (poll === null || status === null) {
    return (
      <Heading question={question}>
        <Connection connection={connectionOf(connection, 'draft')} onAgain={again} />
      </Heading>
    )
  }
  const hidden = whyHidden(poll.results_visibility, status)
  const counted = (hidden === null || isShown) && tally !== null && tally.total_votes !== null ? tally : null

  /** What ended has to be looked at anew: a final poll may have begun another round. */
  function onChanged(): void {
    setChanges((before) => before + 1)
    if (connection === 'closed') again()
  }

  const parts = { client, poll, status, onChanged, onRefused }
  return (
    <>
      <header class="head">
        <div class="beside">
          <p class="state" data-status={status}>
            {say(`common.status_${status}`)}
          </p>
          <Connection connection={connectionOf(connection, status)} onAgain={again} />
          <LanguageSwitch />
        </div>
        <h1 dir="auto">{poll.question}</h1>
        <p class="stands" id="standing" tabIndex={-1} ref={standing} aria-live="polite">
          {tellStanding(poll, status)}
        </p>
        <Steps client={client} pollId={pollId} status={status} actions={actions} onChanged={onChanged} />
        <Said said={actions.said} problem={actions.problem} />
      </header>
      <div class="columns">
        <div>
          <Result poll={poll} counted={counted} hidden={hidden} isShown={isShown} onShow={show} />
          <Facts poll={poll} tally={counted} calls={calls} status={status} onRefused={onRefused} />
          <EditForm {...parts} />
        </div>
        <div>
          <Links pollId={pollId} base={base} />
          {poll.voter_identity === 'code' && status !== 'closing' && status !== 'closed' && (
            <MoreCodes {...parts} token={token} />
          )}
          <Exports poll={poll} calls={calls} onRefused={onRefused} />
          <History calls={calls} stamp={`${poll.revision} ${changes}`} />
        </div>
      </div>
      <Endings {...parts} onDeleted={() => setIsDeleted(true)} />
    </>
  )
}

type MoreCodesProps = Pick<Props, 'token' | 'onRefused'> & {
  readonly client: Client
  readonly poll: Poll
  readonly onChanged: () => void
}

/** Voting codes for whoever has none yet. That some were made is part of what was done. */
function MoreCodes({ client, poll, token, onChanged, onRefused }: MoreCodesProps) {
  async function createCodes(...asked: Parameters<Client['createCodes']>): Promise<readonly string[]> {
    const codes = await client.createCodes(...asked)
    onChanged()
    return codes
  }

  function describe(error: unknown): Message {
    if (isRefusal(error)) onRefused()
    return tellError(error)
  }

  return (
    <section class="card" aria-label={say('create.codes_title')}>
      <Codes client={{ createCodes }} pollId={poll.id} token={token} describe={describe} />
    </section>
  )
}

/** What had the focus may be gone when its work is done: then whoever used it is told where the poll stands. */
function useStanding(status: Status | null, hasActed: boolean) {
  const standing = useRef<HTMLParagraphElement>(null)
  useLayoutEffect(() => {
    if (hasActed && document.activeElement === document.body) standing.current?.focus({ preventScroll: true })
  }, [status, hasActed])
  return standing
}

function tellStanding(poll: Poll, status: Exclude<Status, 'deleted'>): string {
  const next = nextChange(status, poll)
  if (next === null) return say(`manage.stands_${status === 'scheduled' ? 'draft' : status}`)
  const time = formatTime(new Date(next.at))
  return say(next.isOpening ? 'manage.stands_scheduled' : 'manage.stands_open_until', { time })
}
