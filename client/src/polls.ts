import type { TallyMessage } from '../../contract/messages.ts'

/** Where in its life a poll is. */
export type PollStatus = Exclude<TallyMessage['status'], 'deleted'>

/** Whose results these are, as this caller may see them: counts, total and version are null where they are hidden, never 0. */
type ResultFields = {
  readonly round: number
  readonly revision: number
  readonly version: number | null
  readonly total_votes: number | null
  readonly results_final: boolean
}

/** A poll as the service writes it; times are RFC 3339, UTC. */
export type Poll = ResultFields & {
  readonly id: string
  readonly question: string
  readonly description: string
  readonly type: 'single' | 'multiple'
  readonly options: readonly {
    readonly id: number
    readonly text: string
    readonly position: number
    readonly votes: number | null
  }[]
  readonly min_choices: number
  readonly max_choices: number
  readonly status: PollStatus
  readonly opens_at: string | null
  readonly closes_at: string | null
  readonly opened_at: string | null
  readonly closed_at: string | null
  readonly edited_at: string | null
  readonly results_visibility: 'always' | 'after_vote' | 'after_close' | 'never'
  readonly voter_visibility: 'secret' | 'organizer' | 'public'
  readonly voter_identity: 'none' | 'session' | 'token' | 'code'
  readonly allow_vote_change: boolean
  /** What people type at `/j` to come to this poll; null for polls from before there were any. */
  readonly join_code: string | null
}

/** `manage_token` is told this once: whoever has it edits, opens, closes and deletes the poll. */
export type CreatedPoll = Poll & { readonly manage_token: string }

/** What a new poll needs, and what it may say besides; everything else has the service's default. */
export type NewPoll = {
  readonly question: string
  readonly options: readonly (string | { readonly text: string })[]
  readonly draft?: boolean
} & Partial<
  Pick<
    Poll,
    | 'description'
    | 'type'
    | 'min_choices'
    | 'max_choices'
    | 'opens_at'
    | 'closes_at'
    | 'results_visibility'
    | 'voter_visibility'
    | 'voter_identity'
    | 'allow_vote_change'
  >
>

/** What of a poll shall be another: once it was open only texts, closing time and visibility may be. An option with its `id` is the one that the poll has. */
export type PollEdit = Partial<
  Omit<NewPoll, 'draft' | 'options'> & {
    readonly options: readonly { readonly id?: number; readonly text: string }[]
  }
>

export type Results = ResultFields & {
  readonly poll_id: string
  readonly status: PollStatus
  readonly as_of: string | null
  readonly options: TallyMessage['options']
}

/** The service has it and counts it once. `voter_token` comes where the vote made a session; the client keeps it by itself. */
export type AcceptedVote = { readonly vote_id: string; readonly status: 'accepted'; readonly voter_token?: string }

export type OwnVote = {
  readonly vote_id: string
  /** In which it counts: whoever answers may not have heard yet that the poll has begun anew. */
  readonly round: number
  readonly option_ids: readonly number[]
  readonly status: 'accepted' | 'recorded'
}

/** `superseded`: a later vote of the same voter counts instead. `set_aside`: it could not be recorded, and does not count. */
export type Receipt = {
  readonly vote_id: string
  readonly poll_id: string
  readonly round: number
  readonly status: 'accepted' | 'recorded' | 'superseded' | 'set_aside'
}
