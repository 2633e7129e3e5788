import { randomUUID } from 'node:crypto'
import { languageInUse } from '../../../../web/i18n/in-use.ts'
import type { VoteSnapshot } from '../../../../web/vote/snapshot.ts'
import type { LivePoll } from '../../../application/watch-poll.ts'
import { tallyMessage } from '../../../application/watch-poll/tally-message.ts'
import type { Refused } from '../../../domain/refusal.ts'
import { type Audience, maySeeResults } from '../../../domain/tally.ts'
import { pollBody } from '../poll-body.ts'
import { builtEntry, builtVotePage } from './built-assets.ts'
import { Html, html } from './html.ts'
import type { Page } from './layout.ts'

/** What the page shows to one reader. */
export type PollView = {
  readonly live: LivePoll
  readonly audience: Audience
  /** The reader's own vote; null before the first. It is looked up apart from the poll, which may have begun anew meanwhile. */
  readonly ownVote: {
    readonly round: number
    readonly selection: readonly number[]
    readonly isRecorded: boolean
  } | null
  /** Whether the cookie of this reader makes a voter of this poll. */
  readonly hasSession: boolean
  /** The code that came with the form; empty without one. */
  readonly code: string
  /** Somebody whom the poll does not recognise has just voted. */
  readonly hasJustVoted: boolean
  /** Why the form was refused, and what was chosen in it. */
  readonly problem: { readonly refused: Refused; readonly chosen: readonly number[] } | null
}

const refreshSeconds = 10

/**
 * `/p/{id}`: the page as `web/vote/` draws it, with all that it was drawn from beside it, for the same code to go on with in the browser. Both hold
 * only what this reader may see.
 */
export function createRenderPollPage(): (view: PollView) => Page {
  const entry = builtEntry('vote/main.tsx')
  const drawVotePage = builtVotePage()
  return (view) => {
    const snapshot = snapshotOf(view)
    const { poll } = snapshot
    const { body, canChoose } = drawVotePage(snapshot, languageInUse())
    const page = {
      title: poll.question,
      description: poll.description || poll.options.map(({ text }) => text).join(' · '),
      body: html`<main id="vote">${new Html(body)}</main>`,
      entry,
      snapshot,
    }
    // While somebody chooses, a page that reads itself again would take their choice away; and where a code came with a form, it would come
    // without.
    return canChoose || poll.status === 'closed' || view.code !== '' ? page : { ...page, refreshSeconds }
  }
}

function snapshotOf({
  live,
  audience,
  ownVote: found,
  hasSession,
  code,
  hasJustVoted,
  problem,
}: PollView): VoteSnapshot {
  const ownVote = found?.round === live.poll.round ? found : null
  return {
    poll: pollBody(live, maySeeResults(live.poll, audience)),
    tally: tallyMessage(live, audience),
    ownVote: ownVote && { option_ids: ownVote.selection, status: ownVote.isRecorded ? 'recorded' : 'accepted' },
    hasSession,
    hasJustVoted,
    problem: problem && { code: problem.refused.refused, detail: problem.refused.detail, chosen: problem.chosen },
    code,
    formKey: randomUUID(),
    drawnAt: new Date().toISOString(),
  }
}
