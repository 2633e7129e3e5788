import { say } from '../i18n/say.ts'
import { type Draft, writtenOptions } from '../organiser/draft.ts'
import { countOptions } from '../poll/count-options.ts'
import { hasBegun } from '../poll/status.ts'
import { firstBallot, mayChoose } from '../vote/ballot.ts'
import { CodeField } from '../vote/code-field.tsx'
import { Dock } from '../vote/dock.tsx'
import { OptionList } from '../vote/option-list.tsx'
import { PollHead } from '../vote/poll-head.tsx'
import { Totals } from '../vote/totals.tsx'
import { previewSnapshot } from './preview-snapshot.ts'

/** The poll as it will look to those who vote: drawn by what draws their page, to be read and not to be used. */
export function Preview({ draft }: { readonly draft: Draft }) {
  if (draft.question.trim() === '' && writtenOptions(draft).length === 0) return null
  const snapshot = previewSnapshot(draft, Date.now())
  const { poll } = snapshot
  const { status } = poll
  const tally = hasBegun(status) ? snapshot.tally : { ...snapshot.tally, total_votes: null }
  const ballot = firstBallot(snapshot)
  const canChoose = mayChoose(status, poll, ballot)
  return (
    <fieldset class="preview" disabled>
      <legend>{say('create.preview')}</legend>
      <PollHead heading="h2" poll={poll} status={status} behindMs={0} />
      {poll.voter_identity === 'code' && canChoose && <CodeField code="" isLocked field={null} onType={ignore} />}
      <OptionList
        poll={poll}
        options={countOptions(poll.options, tally)}
        own={[]}
        chosen={canChoose ? [] : null}
        isLocked
        onChoose={ignore}
      />
      <Totals poll={poll} tally={tally} status={status} connection="live" />
      <Dock poll={poll} status={status} ballot={ballot} canChoose={canChoose} notice={null} onGiveUp={ignore} />
    </fieldset>
  )
}

/** Nothing in it can be pressed, or written into. */
function ignore(): void {}
