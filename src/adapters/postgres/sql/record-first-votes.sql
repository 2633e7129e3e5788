-- Writes the votes of a batch that are the first of their voters and for what their poll offers now, which is nearly all there
-- ever are, and adds them to the tallies. Whatever is not plainly so it leaves out, for record-votes.sql to judge.
--
-- It runs where record-votes.sql does, behind the statement that took hold of the checkpoint: nobody else writes rows of these voters, so
-- a row that is in the way was there before, and the insert alone tells who votes for the first time.
--
-- Judging each vote costs about twice as much, for arrays written as text, a look into the index before the
-- insert takes the same one, and counting options vote by vote. Here a vote is 2 x 16 bytes, its selection is
-- looked at once for all who made it, and nothing is counted that the client has counted. `npm run bench -- drain` with 200,000
-- votes gave 16.3 µs of PostgreSQL's time before and 8.1 with it, on a busy machine; the raw insert took 8.9 and 9.6 then.
--
-- Nothing is joined that may be large: from poll to selection to vote each step is a loop by its form, whatever a planner
-- believes that has seen none of the parameters. So the statement can be prepared once, which saves planning it for each batch.
--
-- $1..$4: by poll and round: poll ids, rounds, selections (a text[], as text), how many votes each has (an integer[], as text).
-- $5, $6: voters and positions, 16 bytes each, in the order of the selections. $7: how many. $8: the partition. $9: when the batch
-- is recorded.
with asked as materialized (
  select
    a.number,
    a.poll_id collate "C" as poll_id,
    a.round,
    a.selections::text[] as selections,
    a.votes::integer[] as votes
  from unnest($1::text[], $2::integer[], $3::text[], $4::text[]) with ordinality
    as a (poll_id, round, selections, votes, number)
),

-- Without options: an earlier round, whose options may have been removed since, one whose close marker this partition has recorded, or
-- that of a deleted poll, whose votes may have been pruned.
definition as materialized (
  select
    a.*,
    poll.partitions,
    poll.next_option_id,
    case
      when poll.round = a.round and poll.status <> 'deleted' and not exists (
        select
        from tally as t
        where
          t.poll_id = a.poll_id and t.round = a.round and t.partition = $8::smallint and t.closed_position is not null
      ) then array(select o.id from poll_option as o where o.poll_id = poll.id)
    end as option_ids
  from asked as a
  left join poll on poll.id = a.poll_id
),

choice as materialized (
  select
    d.number,
    d.poll_id,
    d.round,
    d.partitions,
    c.selection::smallint[] as selection,
    coalesce(c.selection::smallint[] <@ d.option_ids, false) as is_offered,
    c.votes,
    (sum(c.votes) over (order by d.number, c.place rows unbounded preceding) - c.votes)::integer as votes_before
  from definition as d
  cross join lateral unnest(d.selections, d.votes) with ordinality as c (selection, votes, place)
),

written as (
  insert into vote (poll_id, round, voter, selection, position)
  select c.poll_id, c.round, v.voter, c.selection, v.position
  from choice as c
  cross join lateral (
    select substr($5::bytea, i.at, 16) as voter, substr($6::bytea, i.at, 16) as position
    from generate_series(1 + 16 * c.votes_before, 16 * (c.votes_before + c.votes), 16) as i (at)
  ) as v
  -- As partitionOf (src/domain/vote.ts) does: the first 4 bytes, without a sign.
  where
    c.is_offered and (
      get_byte(v.voter, 0)::bigint * 16777216 + get_byte(v.voter, 1) * 65536
      + get_byte(v.voter, 2) * 256 + get_byte(v.voter, 3)
    ) % c.partitions = $8::smallint
  -- Neighbours in the index one after the other.
  order by c.number, v.voter
  on conflict on constraint one_vote_per_voter do nothing
  returning poll_id, round, selection, voter || position as mark
),

-- Where all were written, they were counted before they came.
counted as materialized (
  select c.poll_id, c.round, c.selection, c.votes::bigint as votes
  from choice as c
  where (select count(*) from written) = $7::integer
  union all
  select w.poll_id, w.round, w.selection, count(*)
  from written as w
  where (select count(*) from written) < $7::integer
  group by w.poll_id, w.round, w.selection
),

-- Option 0 stands for the poll itself.
difference as (
  select d.poll_id, d.round, d.option_id, sum(d.votes)::bigint as votes
  from (
    select c.poll_id, c.round, unnest(c.selection)::integer as option_id, c.votes from counted as c
    union all
    select c.poll_id, c.round, 0, c.votes from counted as c
  ) as d
  group by d.poll_id, d.round, d.option_id
),

change as (
  select
    d.poll_id,
    d.round,
    sum(d.votes) filter (where d.option_id = 0)::bigint as votes,
    array_agg(d.option_id) as option_ids,
    array_agg(d.votes) as option_votes
  from difference as d
  group by d.poll_id, d.round
),

tallied as (
  insert into tally as t (poll_id, round, partition, counts, total_votes, version, recorded_at)
  select
    c.poll_id,
    c.round,
    $8::smallint,
    -- Each poll looks at its own options alone: joined to those of all, each of 10,000 polls would look through them all.
    (
      select array_agg(coalesce(d.votes, 0) order by o.id)
      from generate_series(1, p.next_option_id - 1) as o (id)
      left join unnest(c.option_ids, c.option_votes) as d (option_id, votes) on d.option_id = o.id
    ),
    c.votes,
    c.votes,
    $9::timestamptz
  from change as c
  join poll as p on p.id = c.poll_id
  order by c.poll_id, c.round
  on conflict (poll_id, round, partition) do update set
    -- A draft may have gained options since the row was made, so the arrays may differ in length.
    counts = array(
      select coalesce(t.counts[i], 0) + coalesce(excluded.counts[i], 0)
      from generate_series(1, greatest(cardinality(t.counts), cardinality(excluded.counts))) as i
      order by i
    ),
    total_votes = t.total_votes + excluded.total_votes,
    version = t.version + excluded.version,
    recorded_at = excluded.recorded_at
)

select
  coalesce((select array_agg(distinct c.poll_id) from change as c), '{}') as poll_ids,
  coalesce((select sum(c.votes) from change as c), 0)::integer as written,
  -- Voter and position of each that was written; null where all were.
  case
    when (select count(*) from written) < $7::integer
      then coalesce((select string_agg(w.mark, ''::bytea) from written as w), ''::bytea)
  end as marks
