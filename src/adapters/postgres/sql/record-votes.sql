-- Judges a batch of votes, writes what counts, sets aside what cannot, and moves the tallies by the difference.
--
-- It runs behind the statement that took hold of the checkpoint, in a transaction that gives every statement a snapshot of
-- its own: so it sees all that earlier owners of the partition committed, and nobody else writes the rows that it judges.
--
-- $1..$6: poll ids, rounds, voters, kinds, selections, positions; one vote per poll, round and voter.
-- $7: the partition. $8: when the batch is recorded.
with incoming as materialized (
  select
    i.poll_id collate "C" as poll_id,
    i.round,
    decode(i.voter, 'hex') as voter,
    i.kind,
    i.selection::integer[] as selection,
    decode(i.position, 'hex') as position
  from unnest($1::text[], $2::integer[], $3::text[], $4::text[], $5::text[], $6::text[])
    as i (poll_id, round, voter, kind, selection, position)
),

definition as materialized (
  select
    poll.id,
    poll.round,
    poll.status,
    poll.partitions,
    poll.next_option_id,
    array(select o.id::integer from poll_option as o where o.poll_id = poll.id) as option_ids
  from poll
  where poll.id in (select poll_id from incoming)
),

rounds as materialized (
  select distinct i.poll_id, i.round from incoming as i
),

-- Rounds whose close marker this partition has recorded. Entries are recorded in their order, so what comes now and was not
-- recorded before came behind the marker, whatever its position says: a stream that fell back may count on from a lower place.
closed as materialized (
  select r.poll_id, r.round
  from rounds as r
  -- Lateral with a limit: one look into the index per round, whatever the statistics say.
  cross join lateral (
    select 1
    from tally as t
    where t.poll_id = r.poll_id and t.round = r.round and t.partition = $7::smallint and t.closed_position is not null
    limit 1
  ) as marked
),

-- Rounds whose votes have left the ledger. What still comes of one comes again, from a stream that is read anew, or too late to count.
-- Only rounds that are over are looked for, so votes of an open poll cost nothing more.
pruned as materialized (
  select r.poll_id, r.round
  from rounds as r
  join definition as p on p.id = r.poll_id and (p.round > r.round or p.status in ('closed', 'deleted'))
  cross join lateral (
    select 1
    from pruned_round
    where pruned_round.poll_id = r.poll_id and pruned_round.round = r.round
    limit 1
  ) as marked
),

-- The rule of judgeVote (src/domain/vote.ts), behind what only the definition can tell, and before what the close forbids. An
-- option of the current round stands in the poll. The options of an earlier round may have been removed since, but their ids
-- were all given out.
judged as materialized (
  select
    i.*,
    ledger.selection::integer[] as earlier,
    case
      when p.id is null then 'poll_unknown'
      when pruned.poll_id is not null then 'ignore'
      -- As partitionOf (src/domain/vote.ts) does: the first 4 bytes, without a sign. Byte by byte it takes 0.07 µs of a vote's 15;
      -- by way of hexadecimal digits, 0.2.
      when (
        get_byte(i.voter, 0)::bigint * 16777216 + get_byte(i.voter, 1) * 65536
        + get_byte(i.voter, 2) * 256 + get_byte(i.voter, 3)
      ) % p.partitions <> $7::smallint then 'partition_wrong'
      when i.round = p.round and not i.selection <@ p.option_ids then 'selection_unknown'
      when not (1 <= all (i.selection) and p.next_option_id > all (i.selection)) then 'selection_unknown'
      when i.position <= ledger.position then 'ignore'
      when i.kind = 'cast' and cardinality(ledger.selection) > 0
        then case when i.selection = ledger.selection::integer[] then 'ignore' else 'already_voted' end
      when closed.poll_id is not null then 'poll_closed'
      else 'write'
    end as verdict
  from incoming as i
  left join definition as p on p.id = i.poll_id
  left join pruned on pruned.poll_id = i.poll_id and pruned.round = i.round
  left join closed on closed.poll_id = i.poll_id and closed.round = i.round
  -- Lateral with a limit: one look into the index per vote, whatever the statistics say about a ledger that grows fast.
  left join lateral (
    select v.selection, v.position
    from vote as v
    where v.poll_id = i.poll_id and v.round = i.round and v.voter = i.voter
    limit 1
  ) as ledger on true
),

written as (
  insert into vote (poll_id, round, voter, selection, position)
  select j.poll_id, j.round, j.voter, j.selection::smallint[], j.position
  from judged as j
  where j.verdict = 'write'
  order by j.poll_id, j.round, j.voter
  on conflict on constraint one_vote_per_voter
    do update set selection = excluded.selection, position = excluded.position
),

put_aside as (
  insert into set_aside (partition, position, poll_id, reason, payload, set_aside_at)
  select
    $7::smallint,
    j.position,
    j.poll_id,
    j.verdict,
    json_build_object('round', j.round, 'voter', encode(j.voter, 'hex'), 'kind', j.kind, 'selection', j.selection)::text,
    $8::timestamptz
  from judged as j
  where j.verdict not in ('write', 'ignore')
  order by j.position
  on conflict on constraint set_aside_once do nothing
  returning position
),

change as (
  select
    j.poll_id,
    j.round,
    count(*) as rows_written,
    count(*) filter (where cardinality(j.selection) > 0) - count(*) filter (where cardinality(j.earlier) > 0)
      as total_votes
  from judged as j
  where j.verdict = 'write'
  group by j.poll_id, j.round
),

-- What the new selections add per option, less what the ones before them had added.
difference as (
  select d.poll_id, d.round, d.option_id, sum(d.votes) as votes
  from (
    select j.poll_id, j.round, unnest(j.selection) as option_id, 1 as votes from judged as j where j.verdict = 'write'
    union all
    select j.poll_id, j.round, unnest(j.earlier), -1 from judged as j where j.verdict = 'write'
  ) as d
  group by d.poll_id, d.round, d.option_id
),

counted as (
  select c.poll_id, c.round, array_agg(coalesce(d.votes, 0)::bigint order by o.id) as counts
  from change as c
  join definition as p on p.id = c.poll_id
  cross join lateral generate_series(1, p.next_option_id - 1) as o (id)
  left join difference as d on d.poll_id = c.poll_id and d.round = c.round and d.option_id = o.id
  group by c.poll_id, c.round
),

tallied as (
  insert into tally as t (poll_id, round, partition, counts, total_votes, version, recorded_at)
  select c.poll_id, c.round, $7::smallint, counted.counts, c.total_votes, c.rows_written, $8::timestamptz
  from change as c
  join counted on counted.poll_id = c.poll_id and counted.round = c.round
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
  coalesce((select sum(c.rows_written) from change as c), 0)::integer as written,
  array(select encode(p.position, 'hex') from put_aside as p order by p.position) as set_aside,
  coalesce(
    (
      select json_object_agg(encode(j.position, 'hex'), j.verdict)
      from judged as j
      where j.verdict not in ('write', 'ignore')
    ),
    '{}'
  ) as refused
