import type pg from 'pg'
import type {
  Poll,
  PollOption,
  PollStatus,
  PollType,
  ResultsVisibility,
  VoterIdentity,
  VoterVisibility,
} from '../../domain/poll.ts'

/** What takes a statement: the pool, or one connection with its transaction. */
export type Queryable = Pick<pg.Pool, 'query'>

/** A row of `poll` as POLL_COLUMNS selects it. Constraints of the table keep the columns that are unions here to their words. */
export type PollRow = {
  readonly id: string
  readonly question: string
  readonly description: string
  readonly type: PollType
  readonly options: readonly PollOption[]
  readonly next_option_id: number
  readonly min_choices: number
  readonly max_choices: number
  readonly status: PollStatus
  readonly opens_at: Date | null
  readonly closes_at: Date | null
  readonly opened_at: Date | null
  readonly closed_at: Date | null
  readonly edited_at: Date | null
  readonly created_at: Date
  readonly results_visibility: ResultsVisibility
  readonly voter_visibility: VoterVisibility
  readonly voter_identity: VoterIdentity
  readonly allow_vote_change: boolean
  readonly partitions: number
  readonly round: number
  readonly revision: number
  readonly manage_token_hash: string
  readonly created_by_key: string | null
  readonly join_code: string | null
}

/** What to select from `poll` for a PollRow: every column, and the options in their order. */
export const POLL_COLUMNS = `
  poll.*,
  (
    select coalesce(json_agg(json_build_object('id', o.id, 'text', o.text, 'position', o.position) order by o.position), '[]')
    from poll_option as o
    where o.poll_id = poll.id
  ) as options`

export function toPoll(row: PollRow): Poll {
  return {
    id: row.id,
    question: row.question,
    description: row.description,
    type: row.type,
    options: row.options,
    nextOptionId: row.next_option_id,
    minChoices: row.min_choices,
    maxChoices: row.max_choices,
    status: row.status,
    opensAt: toMs(row.opens_at),
    closesAt: toMs(row.closes_at),
    openedAt: toMs(row.opened_at),
    closedAt: toMs(row.closed_at),
    editedAt: toMs(row.edited_at),
    createdAt: row.created_at.getTime(),
    resultsVisibility: row.results_visibility,
    voterVisibility: row.voter_visibility,
    voterIdentity: row.voter_identity,
    allowVoteChange: row.allow_vote_change,
    partitions: row.partitions,
    round: row.round,
    revision: row.revision,
    manageTokenHash: row.manage_token_hash,
    createdByKey: row.created_by_key,
    joinCode: row.join_code,
  }
}

/** Milliseconds as a parameter of a timestamptz. */
export function toDate(ms: number | null): Date | null {
  return ms === null ? null : new Date(ms)
}

function toMs(date: Date | null): number | null {
  return date === null ? null : date.getTime()
}
