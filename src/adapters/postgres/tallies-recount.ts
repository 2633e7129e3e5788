import type pg from 'pg'
import type { Recount } from '../../ports/tallies.ts'

/**
 * One statement, so one snapshot: both sides of the rounds that are asked for are read in it, the ledger once, and of a poll of codes once more, against its
 * register. Option null stands for the number of votes: an empty selection is a retracted vote, any other counts once there.
 */
const RECOUNT = `
  with wanted as (
    select
      id as poll_id, round as current_round, voter_identity,
      greatest(1, coalesce($2, round)) as first_round, least(coalesce($3, round), round) as last_round
    from poll
    where id = $1
  ), pruned as materialized (
    select p.round, p.votes
    from wanted as w
    join pruned_round as p on p.poll_id = w.poll_id and p.round between w.first_round and w.last_round
  ), side as (
    select tally.round, counted.option_id, counted.votes as tally, 0 as ledger
    from wanted as w
    join tally on tally.poll_id = w.poll_id and tally.round between w.first_round and w.last_round
      and tally.round <> all (array(select pruned.round from pruned))
    cross join lateral (
      select c.option_id, c.votes from unnest(tally.counts) with ordinality as c (votes, option_id)
      union all
      select null, tally.total_votes
    ) as counted
    union all
    select vote.round, v.option_id, 0, count(*)
    from wanted as w
    join vote on vote.poll_id = w.poll_id and vote.round between w.first_round and w.last_round
    cross join lateral unnest(array_append(vote.selection, null)) as v (option_id)
    where cardinality(vote.selection) > 0 and vote.round <> all (array(select pruned.round from pruned))
    group by vote.round, v.option_id
  ), summed as (
    select round, option_id, sum(tally)::float8 as tally, sum(ledger)::float8 as ledger
    from side
    group by round, option_id
  ), unregistered as (
    select vote.round, count(*)::float8 as votes
    from wanted as w
    join vote on vote.poll_id = w.poll_id and vote.round = w.last_round and w.last_round = w.current_round
    where w.voter_identity = 'code' and cardinality(vote.selection) > 0
      and vote.round <> all (array(select pruned.round from pruned))
      and not exists (select from vote_code as c where c.poll_id = vote.poll_id and c.voter = vote.voter)
    group by vote.round
  )
  select
    r.round,
    coalesce(max(summed.ledger) filter (where summed.option_id is null), 0) as total_votes,
    coalesce(
      json_agg(
        json_build_object('optionId', summed.option_id, 'tally', summed.tally, 'ledger', summed.ledger)
        order by summed.option_id
      ) filter (where summed.tally <> summed.ledger),
      '[]'
    ) as differences,
    coalesce(max(unregistered.votes), 0) as unregistered_votes,
    max(pruned.votes)::float8 as pruned_votes
  from wanted as w
  cross join lateral generate_series(w.first_round, w.last_round) as r (round)
  left join summed on summed.round = r.round
  left join unregistered on unregistered.round = r.round
  left join pruned on pruned.round = r.round
  group by r.round
  order by r.round desc`

type RecountRow = {
  readonly round: number
  readonly total_votes: number
  readonly differences: Recount['differences']
  readonly unregistered_votes: number
  readonly pruned_votes: number | null
}

type Which = 'all' | 'current' | { readonly round: number }

export async function recount(pool: pg.Pool, pollId: string, which: Which): Promise<readonly Recount[]> {
  const { rows } = await pool.query<RecountRow>(RECOUNT, [pollId, ...boundsOf(which)])
  return rows.map((row) => ({
    pollId,
    round: row.round,
    totalVotes: row.total_votes,
    differences: row.differences,
    unregisteredVotes: row.unregistered_votes,
    prunedVotes: row.pruned_votes,
  }))
}

/** The first round and the last one; null stands for the current one. */
function boundsOf(which: Which): readonly [number | null, number | null] {
  if (which === 'all') return [1, null]
  return which === 'current' ? [null, null] : [which.round, which.round]
}
