import type { VoteSnapshot } from '../vote/snapshot.ts'
import { type Draft, draftLimits, toNewPoll, writtenOptions } from '../organiser/draft.ts'

/** What is not written yet. */
const missing = '…'

/** What the page to vote would be drawn from for its first voter, were the poll made now. */
export function previewSnapshot(draft: Draft, now: number): VoteSnapshot {
  const made = toNewPoll(draft)
  const texts = writtenOptions(draft)
  const { opens_at: opensAt = null, closes_at: closesAt = null } = made
  const status = opensAt !== null && Date.parse(opensAt) > now ? 'scheduled' : 'open'
  const votes = draft.resultsVisibility === 'always' ? 0 : null
  const options = Array.from({ length: Math.max(draftLimits.optionsMin, texts.length) }, (_, position) => ({
    id: position + 1,
    text: texts[position] ?? missing,
    position,
    votes,
  }))
  const counted = { round: 1, revision: 1, version: votes, total_votes: votes, results_final: false }
  const poll = {
    id: '',
    question: made.question || missing,
    description: made.description ?? '',
    type: made.type ?? 'single',
    options,
    min_choices: 1,
    max_choices: made.max_choices ?? 1,
    status,
    opens_at: opensAt,
    closes_at: closesAt,
    opened_at: null,
    closed_at: null,
    edited_at: null,
    results_visibility: draft.resultsVisibility,
    voter_visibility: 'secret',
    voter_identity: draft.voterIdentity,
    allow_vote_change: draft.allowVoteChange,
    join_code: null,
    ...counted,
  } as const
  const tally = { type: 'tally', poll_id: '', as_of: null, status, options, ...counted } as const
  const nobodyYet = { ownVote: null, hasSession: false, hasJustVoted: false, problem: null, code: '', formKey: '' }
  return { poll, tally, ...nobodyYet, drawnAt: new Date(now).toISOString() }
}
