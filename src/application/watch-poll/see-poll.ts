import type { Poll } from '../../domain/poll.ts'
import { type Refused, isRefused, refuse } from '../../domain/refusal.ts'
import type { Audience } from '../../domain/tally.ts'
import { authorizePoll, type Holder } from '../authorize.ts'
import type { FindVote, FoundVote } from '../cast-vote/find-vote.ts'
import type { IdentifyVoter, VoterCredentials } from '../cast-vote/identify-voter.ts'
import type { VoterKey } from '../../domain/vote.ts'
import type { JudgeBearer } from '../judge-bearer.ts'
import type { LivePoll, WatchPoll } from '../watch-poll.ts'

/** What a reader shows: `bearer` as an organiser, the rest as a voter. */
export type ReaderCredentials = VoterCredentials & { readonly bearer: string | null }

export type SeenPoll = { readonly live: LivePoll; readonly audience: Audience }

export type SeePoll = {
  /** The poll, and as whom this reader sees it. A bearer that does not fit is refused rather than ignored. */
  see(pollId: string, shown: ReaderCredentials): Promise<SeenPoll | Refused>
  /**
   * The same at once, as nearly every reader has it: a poll in memory, and a reader of whom nothing has to be looked up. Null
   * for the others. Waiting for what is there already would cost as much as the rest of the answer.
   */
  seeKnown(pollId: string, shown: ReaderCredentials): SeenPoll | Refused | null
  /** As whom this reader sees the poll. */
  audience(poll: Poll, shown: ReaderCredentials): Promise<Audience | Refused>
  /** As whom this voter does. */
  audienceOfVoter(poll: Poll, voter: VoterKey): Promise<Audience | Refused>
  /** The reader's own vote. Null before the first, and after a retract. */
  ownVote(pollId: string, shown: VoterCredentials): Promise<OwnVote | null | Refused>
}

export type OwnVote = FoundVote & {
  readonly pollId: string
  readonly round: number
  readonly voter: VoterKey
}

export type SeePollParts = {
  readonly watchPoll: Pick<WatchPoll, 'get' | 'known'>
  readonly identifyVoter: Pick<IdentifyVoter, 'recognise'>
  readonly findVote: FindVote
  readonly judgeBearer: JudgeBearer
}

/** Decides what a reader may see, for every channel alike. */
export function createSeePoll({ watchPoll, identifyVoter, findVote, judgeBearer }: SeePollParts): SeePoll {
  /** Null where the vote of this reader decides, or a key that has to be looked up. */
  function knownAudience(poll: Poll, { bearer }: Pick<ReaderCredentials, 'bearer'>): Audience | Refused | null {
    if (bearer !== null) {
      const holder = judgeBearer.judgeKnown(bearer)
      return holder === null ? null : organiserAudience(holder, poll)
    }
    const canHaveVoted = poll.status === 'open' || poll.status === 'closing'
    return poll.resultsVisibility === 'after_vote' && canHaveVoted ? null : 'public'
  }

  async function audience(poll: Poll, shown: ReaderCredentials): Promise<Audience | Refused> {
    const known = knownAudience(poll, shown)
    if (known !== null) return known
    if (shown.bearer !== null) return organiserAudience(await judgeBearer.judge(shown.bearer), poll)
    const voter = await identifyVoter.recognise(poll, shown)
    if (voter === null) return 'public'
    return isRefused(voter) ? voter : audienceOfVoter(poll, voter)
  }

  async function audienceOfVoter(poll: Poll, voter: VoterKey): Promise<Audience | Refused> {
    const known = knownAudience(poll, { bearer: null })
    if (known !== null) return known
    const vote = await findVote(poll, voter)
    if (isRefused(vote)) return vote
    return vote !== null && vote.selection.length > 0 ? 'voted' : 'public'
  }

  return {
    audience,
    audienceOfVoter,
    async see(pollId, shown) {
      const live = await watchPoll.get(pollId)
      if (live === null) return notFound
      const seen = await audience(live.poll, shown)
      return isRefused(seen) ? seen : { live, audience: seen }
    },
    seeKnown(pollId, shown) {
      const live = watchPoll.known(pollId)
      const seen = live === null ? null : knownAudience(live.poll, shown)
      if (live === null || seen === null) return null
      return isRefused(seen) ? seen : { live, audience: seen }
    },
    async ownVote(pollId, shown) {
      const live = await watchPoll.get(pollId)
      if (live === null) return notFound
      const voter = await identifyVoter.recognise(live.poll, shown)
      if (voter === null || isRefused(voter)) return voter
      const vote = await findVote(live.poll, voter)
      if (vote === null || isRefused(vote)) return vote
      return vote.selection.length === 0 ? null : { ...vote, pollId, round: live.poll.round, voter }
    },
  }
}

function organiserAudience(holder: Holder | Refused, poll: Poll): Audience | Refused {
  return isRefused(holder) ? holder : (authorizePoll(holder, poll, 'polls:read') ?? 'organiser')
}

const notFound = refuse('poll_not_found', 'There is no such poll.')
