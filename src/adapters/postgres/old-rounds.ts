import type pg from 'pg'
import type { AuditNote } from '../../domain/audit.ts'
import type { OldRound, OldRounds, RoundKey } from '../../ports/old-rounds.ts'
import { appendNote, noteValues } from './audit-log.ts'
import { orUnavailable } from './faults.ts'
import { toDate } from './rows.ts'
import { roundOf } from './set-aside-payload.ts'

/** Votes of old rounds in PostgreSQL. The pool MUST lead to the primary. */
export function createOldRounds(pool: pg.Pool): OldRounds {
  return {
    list: (before, pollId, after, roundsMax) =>
      orUnavailable('ledger', () => list(pool, { before, pollId, after, roundsMax })),
    mark: (round, kept, note) => orUnavailable('ledger', () => mark(pool, round, kept, note)),
    remove: (round, after, votesMax) => orUnavailable('ledger', () => remove(pool, round, after, votesMax)),
    removeSetAside: (round, votesMax) => orUnavailable('ledger', () => removeSetAside(pool, round, votesMax)),
  }
}

/** What changed within a day may still have votes under way. */
const settled = '1 day'

const isOver = `(poll.round > t.round or poll.status in ('closed', 'deleted'))`

/** In SQL: the rounds of a source, which has a line for each partition or each of the votes. */
const listOf = (source: string): string => `
  select
    t.poll_id, t.round, poll.question,
    poll.round = t.round and poll.status = 'closed' as is_final,
    sum(t.total_votes)::float8 as votes,
    max(t.recorded_at) as recorded_at,
    exists (select from pruned_round as p where p.poll_id = t.poll_id and p.round = t.round) as is_marked
  from ${source} as t
  join poll on poll.id = t.poll_id
  where ${isOver}
    and ($2::text is null or t.poll_id = $2)
    and (t.poll_id, t.round) > ($3, $4)
    and poll.changed_at < case
      when poll.round = t.round then least($1, clock_timestamp() - interval '${settled}')
      else clock_timestamp() - interval '${settled}'
    end
  group by t.poll_id, t.round, poll.id
  having max(t.recorded_at) < least($1, clock_timestamp() - interval '${settled}')
    -- Here, and with a limit: one look per round and not one per partition of it, whatever the statistics say.
    and coalesce(
      (select true from vote as v where v.poll_id = t.poll_id and v.round = t.round limit 1),
      (select true from set_aside as s where s.poll_id = t.poll_id and ${roundOf('s.payload')} = t.round limit 1)
    )
  order by t.poll_id, t.round
  limit $5`

/** A round of which no vote was recorded has no tally where it was deleted, or was reset while its doors could not be shut. */
const withoutTally = `(
    select r.*
    from (
      select s.poll_id, ${roundOf('s.payload')} as round, 0 as total_votes, max(s.set_aside_at) as recorded_at
      from set_aside as s
      where ($2::text is null or s.poll_id = $2) and s.poll_id >= $3
      group by 1, 2
    ) as r
    where not exists (select from tally where tally.poll_id = r.poll_id and tally.round = r.round)
  )`

const LIST = `(${listOf('tally')}) union all (${listOf(withoutTally)}) order by poll_id, round limit $5`

type RoundRow = {
  readonly poll_id: string
  readonly round: number
  readonly question: string
  readonly is_final: boolean
  readonly votes: number
  readonly recorded_at: Date
  readonly is_marked: boolean
}

type Asked = {
  readonly before: number
  readonly pollId: string | null
  readonly after: RoundKey | null
  readonly roundsMax: number
}

async function list(pool: pg.Pool, { before, pollId, after, roundsMax }: Asked): Promise<readonly OldRound[]> {
  const values = [toDate(before), pollId, after?.pollId ?? '', after?.round ?? 0, roundsMax]
  const { rows } = await pool.query<RoundRow>(LIST, values)
  return rows.map((row) => ({
    pollId: row.poll_id,
    round: row.round,
    question: row.question,
    isFinal: row.is_final,
    votes: row.votes,
    recordedAt: row.recorded_at.getTime(),
    isMarked: row.is_marked,
  }))
}

/** The poll is held meanwhile: whoever resets it waits, and then resets what is marked. */
const MARK = `
  with held as (
    select poll.id from poll cross join (select $2::integer as round) as t where poll.id = $1 and ${isOver} for no key update of poll
  ), marked as (
    insert into pruned_round (poll_id, round, votes, signed_result)
    select held.id, $2, $3::bigint, $4::text from held
    on conflict do nothing
    returning poll_id
  ), noted as (${appendNote('marked', { pollId: 'marked.poll_id' }, 5)}
  )
  select exists (select from held) as is_over`

async function mark(
  pool: pg.Pool,
  { pollId, round }: RoundKey,
  { votes, signedResult }: { readonly votes: number; readonly signedResult: string | null },
  note: AuditNote,
): Promise<boolean> {
  const values = [pollId, round, votes, signedResult, ...noteValues(note)]
  const { rows } = await pool.query<{ is_over: boolean }>(MARK, values)
  return rows[0]?.is_over === true
}

/** Behind the last one, so that nothing of what the slices before have removed is passed through again. */
const REMOVE = `
  with slice as materialized (
    select v.voter
    from vote as v
    where v.poll_id = $1 and v.round = $2 and v.voter > decode($3, 'hex')
      and exists (select from pruned_round as p where p.poll_id = $1 and p.round = $2)
    order by v.voter
    limit $4
  ), removed as (
    delete from vote using slice where vote.poll_id = $1 and vote.round = $2 and vote.voter = slice.voter
  )
  select encode(slice.voter, 'hex') as last from slice order by slice.voter desc limit 1`

async function remove(
  pool: pg.Pool,
  { pollId, round }: RoundKey,
  after: string | null,
  votesMax: number,
): Promise<string | null> {
  const { rows } = await pool.query<{ last: string }>(REMOVE, [pollId, round, after ?? '', votesMax])
  return rows[0]?.last ?? null
}

const REMOVE_SET_ASIDE = `
  delete from set_aside
  where id in (
    select s.id
    from set_aside as s
    where s.poll_id = $1 and ${roundOf('s.payload')} = $2::integer
      and exists (select from pruned_round as p where p.poll_id = $1 and p.round = $2)
    order by s.id
    limit $3
  )`

async function removeSetAside(pool: pg.Pool, { pollId, round }: RoundKey, votesMax: number): Promise<number> {
  return (await pool.query(REMOVE_SET_ASIDE, [pollId, round, votesMax])).rowCount ?? 0
}
