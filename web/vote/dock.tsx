import type { Ref } from 'preact'
import type { Poll } from '../../client/src/index.ts'
import { say } from '../i18n/say.ts'
import type { Status } from '../poll/status.ts'
import { type Ballot, isOnItsWay } from './ballot.ts'
import { joinTexts, SaidWith, slot } from './said-with.tsx'
import { noteOf } from './status.ts'

type Props = {
  readonly poll: Poll
  readonly status: Status
  readonly ballot: Ballot
  readonly canChoose: boolean
  readonly notice: Ref<HTMLDivElement>
  readonly onGiveUp: () => void
}

/** What stays under the thumb: what has become of the reader's vote, and the buttons. */
export function Dock({ poll, status, ballot, canChoose, notice, onGiveUp }: Props) {
  const { progress, ownVote } = ballot
  return (
    <div class="dock">
      {/* The button that had the focus may be gone; the outcome is what matters then. */}
      <div id="notice" tabIndex={-1} ref={notice}>
        {progress?.step === 'refused' && (
          <p key={progress.inRow} class="problem" role="alert">
            {say(...progress.problem)}
          </p>
        )}
        {progress?.step === 'set_aside' && (
          <p class="problem" role="alert">
            {say('vote.set_aside')}
          </p>
        )}
        <div role="status">
          {progress?.step === 'given_up' && <p>{say(givenUpText(poll, progress))}</p>}
          <Standing poll={poll} status={status} ballot={ballot} />
        </div>
      </div>
      {progress?.step === 'kept' && (
        <div class="presses">
          <button type="button" class="quiet" onClick={onGiveUp}>
            {say('vote.give_up')}
          </button>
        </div>
      )}
      {canChoose && progress?.step !== 'kept' && (
        <div class="presses">
          <button
            type="submit"
            name="do"
            value={ownVote === null ? 'cast' : 'change'}
            aria-disabled={isOnItsWay(ballot)}
          >
            {sendText(ballot)}
          </button>
          {ownVote !== null && (
            <button type="submit" name="do" value="retract" class="quiet" aria-disabled={isOnItsWay(ballot)}>
              {say('vote.take_back')}
            </button>
          )}
        </div>
      )}
    </div>
  )
}

function sendText({ progress, ownVote }: Ballot): string {
  if (progress?.step === 'sending') return say('vote.sending')
  return say(ownVote === null ? 'vote.vote' : 'vote.change')
}

function keptText({ isReached, isStored }: Extract<Ballot['progress'], { readonly step: 'kept' }>) {
  if (!isStored) return 'vote.kept_on_page'
  return isReached ? 'vote.kept_busy' : 'vote.kept_offline'
}

/** In a poll that recognises nobody, nobody can say whether it came in. */
function givenUpText(
  { voter_identity: identity }: Poll,
  { isNone }: Extract<Ballot['progress'], { readonly step: 'given_up' }>,
) {
  if (identity === 'none') return 'vote.given_up_nameless'
  return isNone ? 'vote.given_up_none' : 'vote.given_up'
}

/** How things stand with the reader's vote, else with the poll. */
function Standing({ poll, status, ballot }: Pick<Props, 'poll' | 'status' | 'ballot'>) {
  const { progress, ownVote, hasJustVoted } = ballot
  if (progress?.step === 'sending') return <p class="unseen">{say('vote.sending')}</p>
  if (progress?.step === 'kept') {
    return <p class="kept">{say(keptText(progress))}</p>
  }
  if (ownVote !== null) return <Voted poll={poll} status={status} ballot={ballot} ownVote={ownVote} />
  if (hasJustVoted) {
    return (
      <p class="voted">
        {say('vote.thanks')} <How progress={progress} /> <a href={`/p/${poll.id}`}>{say('vote.vote_again')}</a>
      </p>
    )
  }
  const isTakenBack = (progress?.step === 'accepted' || progress?.step === 'recorded') && progress.kind === 'retract'
  if (isTakenBack) return <p class="voted">{say('vote.taken_back')}</p>
  const note = noteOf(status, poll)
  return note === null ? null : <p>{say(note)}</p>
}

type VotedProps = Pick<Props, 'poll' | 'status' | 'ballot'> & { readonly ownVote: readonly number[] }

/** Beyond so many options they are counted: the list marks them. */
const namedMax = 3

function Voted({ poll, status, ballot, ownVote }: VotedProps) {
  const texts = poll.options.filter(({ id }) => ownVote.includes(id)).map(({ text }) => text)
  return (
    <p class="voted">
      {texts.length > namedMax ? (
        say('vote.voted_for_many', { count: texts.length })
      ) : (
        <SaidWith text={say('vote.voted_for', { options: slot })}>{joinTexts(texts)}</SaidWith>
      )}{' '}
      <How progress={ballot.progress} />
      {poll.voter_identity === 'code' && status === 'open' && (
        <>
          {' '}
          <a href={`/p/${poll.id}`}>{say('vote.another_code')}</a>
        </>
      )}
    </p>
  )
}

/** How far the vote has come. */
function How({ progress }: Pick<Ballot, 'progress'>) {
  if (progress?.step !== 'accepted' && progress?.step !== 'recorded') return null
  return <span class="how">{say(progress.step === 'accepted' ? 'vote.accepted' : 'vote.recorded')}</span>
}
