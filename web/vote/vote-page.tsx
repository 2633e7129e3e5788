import type { ComponentChildren } from 'preact'
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { roundOf } from '../follow/follow-poll.ts'
import { say } from '../i18n/say.ts'
import { Announcer } from '../poll/announcer.tsx'
import { problemOfChoice } from '../poll/choice.ts'
import { countOptions } from '../poll/count-options.ts'
import { describeCounts } from '../poll/describe-counts.ts'
import { hasBegun, statusOf } from '../poll/status.ts'
import { typedCode } from '../poll/typed-code.ts'
import { firstBallot, isCutOff, isOnItsWay, mayChoose, type VoteKind } from './ballot.ts'
import { CodeField } from './code-field.tsx'
import { Dock } from './dock.tsx'
import { OptionList } from './option-list.tsx'
import { noteVoted } from './page-address.ts'
import { PollHead } from './poll-head.tsx'
import { ResultTable } from './result-table.tsx'
import type { VoteSnapshot } from './snapshot.ts'
import { Totals } from './totals.tsx'
import { useBallot } from './use-ballot.ts'
import { useFocusOnOutcome } from './use-focus-on-outcome.ts'
import { useFollowed, type Viewer } from './use-followed.ts'
import { useMounted } from './use-mounted.ts'

/** What a reader brought along, or did before the page came to life. */
export type Brought = {
  readonly chosen: readonly number[] | null
  readonly code: string
  /** Of whoever manages the poll; null for everybody else. */
  readonly manageToken: string | null
  readonly behindMs: number
}

type Props = {
  readonly snapshot: VoteSnapshot
  readonly brought: Brought
  /** What stands at the end, in the browser alone. */
  readonly children?: ComponentChildren
}

/** `/p/{id}`: the page on which people vote and watch. Drawn by the server it is whole, and works as a form; in the browser it moves. */
export function VotePage({ snapshot, brought, children }: Props) {
  const [viewer, setViewer] = useState<Viewer>({ code: '', votes: 0 })
  const [code, setCode] = useState(brought.code)
  const { poll, tally: told, connection, isGone, again } = useFollowed(snapshot, viewer)
  const status = statusOf({ tally: told, isGone }, poll)
  const tally = hasBegun(status) ? told : { ...told, total_votes: null }
  const first = useMemo(() => {
    const drawn = firstBallot(snapshot)
    return { ...drawn, chosen: brought.chosen ?? drawn.chosen }
  }, [])
  const asksForCode = poll.voter_identity === 'code'
  const isRecognised = poll.voter_identity !== 'none'
  const { ballot, choose, send, giveUp, refuse } = useBallot({
    pollId: poll.id,
    round: roundOf({ poll, tally }),
    isRecognised,
    needsSession: poll.voter_identity === 'session' && !snapshot.hasSession,
    connection,
    code: asksForCode ? typedCode(brought.code) : '',
    first,
    onBegunAnew: again,
    onVoted(shown) {
      if (!isRecognised) noteVoted()
      // Who has voted may see more than before, and is told so by a new connection.
      if (poll.results_visibility === 'after_vote') setViewer(({ votes }) => ({ code: shown, votes: votes + 1 }))
    },
  })
  const codeField = useRef<HTMLInputElement>(null)
  // What the server has not drawn comes once what it has drawn is taken over, or it would be taken for it.
  const isMounted = useMounted()
  const notice = useRef<HTMLDivElement>(null)
  const press = useFocusOnOutcome(notice, ballot.progress)
  useEffect(() => {
    document.title = say('common.page_title', { page: poll.question })
  }, [poll.question])
  if (status === 'deleted') return <Gone />

  const canChoose = mayChoose(status, poll, ballot)
  const options = countOptions(poll.options, tally)

  function onSubmit(event: SubmitEvent): void {
    event.preventDefault()
    if (isOnItsWay(ballot)) return
    const kind = kindOf(event.submitter)
    const problem = kind === 'retract' ? null : problemOfChoice(poll, ballot.chosen.length)
    const shown = asksForCode ? typedCode(code) : ''
    if (problem !== null) return refuse(problem)
    if (asksForCode && shown === '') {
      codeField.current?.focus()
      return refuse(['vote.enter_code'])
    }
    press()
    send(kind, shown)
  }

  return (
    <>
      {isMounted && brought.manageToken !== null && (
        <p class="to-manage">
          <a href={`/p/${poll.id}/manage#manage=${brought.manageToken}`}>{say('vote.manage')}</a>
        </p>
      )}
      <PollHead poll={poll} status={status} behindMs={brought.behindMs} />
      <form id="form" method="post" action={`/p/${poll.id}`} onSubmit={onSubmit}>
        <input type="hidden" name="key" value={snapshot.formKey} />
        <input type="hidden" name="round" value={ballot.round} />
        {asksForCode && canChoose && (
          <CodeField code={code} isLocked={isOnItsWay(ballot)} field={codeField} onType={setCode} />
        )}
        <OptionList
          poll={poll}
          options={options}
          own={ballot.ownVote ?? []}
          chosen={canChoose ? ballot.chosen : null}
          isLocked={isOnItsWay(ballot)}
          onChoose={(optionId) => choose(optionId, poll.max_choices > 1)}
        />
        <Totals poll={poll} tally={tally} status={status} connection={isCutOff(ballot) ? 'waiting' : connection} />
        {tally.total_votes !== null && <ResultTable options={options} />}
        <Dock
          poll={poll}
          status={status}
          ballot={ballot}
          canChoose={canChoose}
          notice={notice}
          onGiveUp={() => {
            press()
            giveUp()
          }}
        />
      </form>
      <Announcer version={tally.version} text={describeCounts(options, tally.total_votes)} />
      <div class="at-end">{children}</div>
    </>
  )
}

function Gone() {
  return (
    <div class="message">
      <h1>{say('message.no_poll')}</h1>
      <p>{say('faults.poll_not_found')}</p>
    </div>
  )
}

function kindOf(submitter: HTMLElement | null): VoteKind {
  const wish = submitter?.getAttribute('value')
  return wish === 'change' || wish === 'retract' ? wish : 'cast'
}
