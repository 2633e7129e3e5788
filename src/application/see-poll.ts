import { createHash, timingSafeEqual } from 'node:crypto'
import type { Poll } from '../domain/poll.ts'
import { type Refused, isRefused, refuse } from '../domain/refusal.ts'
import type { Audience } from '../domain/tally.ts'
import type { FindVote, FoundVote } from './find-vote.ts'
import type { IdentifyVoter, VoterCredentials } from './identify-voter.ts'
import type { LivePoll, WatchPoll } from './watch-poll.ts'

/** What a reader shows: `bearer` as an organiser, the rest as a voter. */
export type ReaderCredentials = VoterCredentials & { readonly bearer: string | null }

export type SeenPoll = { readonly live: LivePoll; readonly audience: Audience }

export type SeePoll = {
  /** The poll, and as whom this reader sees it. A bearer that does not fit is refused rather than ignored. */
  see(pollId: string, shown: ReaderCredentials): Promise<SeenPoll | Refused>
  /** As whom this reader sees the poll. */
  audience(poll: Poll, shown: ReaderCredentials): Promise<Audience | Refused>
  /** The reader's own vote. Null before the first, and after a retract. */
  ownVote(pollId: string, shown: VoterCredentials): Promise<OwnVote | null | Refused>
}

export type OwnVote = FoundVote & {
  readonly pollId: string
  readonly round: number
  readonly voter: Exclude<ReturnType<IdentifyVoter['recognise']>, null | Refused>
}

export type SeePollParts = {
  readonly watchPoll: Pick<WatchPoll, 'get'>
  readonly identifyVoter: Pick<IdentifyVoter, 'recognise'>
  readonly findVote: FindVote
  /** Null where no admin token is set. */
  readonly adminToken: string | null
}

/** Decides what a reader may see, for every channel alike. */
export function createSeePoll({ watchPoll, identifyVoter, findVote, adminToken }: SeePollParts): SeePoll {
  const adminHash = adminToken === null ? null : sha256(adminToken)

  function isOrganiser(poll: Poll, bearer: string): boolean {
    const hash = sha256(bearer)
    const isAdmin = adminHash !== null && timingSafeEqual(hash, adminHash)
    const manageHash = Buffer.from(poll.manageTokenHash, 'hex')
    return isAdmin || (manageHash.length === hash.length && timingSafeEqual(hash, manageHash))
  }

  async function audience(poll: Poll, shown: ReaderCredentials): Promise<Audience | Refused> {
    if (shown.bearer !== null) {
      return isOrganiser(poll, shown.bearer)
        ? 'organiser'
        : refuse('token_invalid', 'The bearer token does not fit this poll.')
    }
    const canHaveVoted = poll.status === 'open' || poll.status === 'closing'
    if (poll.resultsVisibility !== 'after_vote' || !canHaveVoted) return 'public'
    const voter = identifyVoter.recognise(poll, shown)
    if (voter === null) return 'public'
    if (isRefused(voter)) return voter
    const vote = await findVote(poll, voter)
    if (isRefused(vote)) return vote
    return vote !== null && vote.selection.length > 0 ? 'voted' : 'public'
  }

  return {
    audience,
    async see(pollId, shown) {
      const live = await watchPoll.get(pollId)
      if (live === null) return notFound
      const seen = await audience(live.poll, shown)
      return isRefused(seen) ? seen : { live, audience: seen }
    },
    async ownVote(pollId, shown) {
      const live = await watchPoll.get(pollId)
      if (live === null) return notFound
      const voter = identifyVoter.recognise(live.poll, shown)
      if (voter === null || isRefused(voter)) return voter
      const vote = await findVote(live.poll, voter)
      if (vote === null || isRefused(vote)) return vote
      return vote.selection.length === 0 ? null : { ...vote, pollId, round: live.poll.round, voter }
    },
  }
}

const notFound = refuse('poll_not_found', 'There is no such poll.')

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
