-- How many accepted votes may wait to be recorded: the door counts what it appended, and is told what the ledger has.

-- Counting begins with this migration: what waits at that moment is not counted.
alter table stream_head
  add column votes bigint not null default 0,
  -- Of these, how many the ledger is known to have.
  add column recorded_votes bigint not null default 0;

-- How many of the partition's votes stand before this entry.
alter table vote_event add column votes_before bigint not null default 0;

-- Appends the close marker behind `head`, which the caller holds locked, and returns the new head.
create or replace function append_close_marker(head stream_head, in_poll_id text, in_round integer) returns stream_head
language plpgsql as $$
begin
  head.last_number := head.last_number + 1;
  insert into vote_event (partition, number, epoch, appended_at, format_version, votes, votes_before, closes_poll_id, closes_round)
  values (head.partition, head.last_number, head.epoch, clock_timestamp(), 0, 0, head.votes, in_poll_id, in_round);
  update stream_head h set last_number = head.last_number where h.partition = head.partition;
  perform pg_notify('vote_event_' || head.partition, '');
  return head;
end $$;

-- Judges the calls in their order and appends the accepted ones as one entry. The n-th accepted call stands at index n of
-- the entry, from 0. Answers are those of the port, and 'repeated' with the position that the vote had then.
--
-- One query fetches what the door knows of all voters, one statement writes what it learned; between them goes a loop.
-- A voter whom the batch has met before (`is_again`) is looked up once more, after everything so far was written.
-- Measured with two batches in flight on one partition, every commit on disk, on two cores shared with the caller and other
-- work: 12,000 to 26,000 votes/s in batches of 512, 6,000 to 8,000 in batches of 64. Looking up and writing each voter by
-- itself, in the loop, made 11,700 where this made 15,300; unlogged doors made 16,300 where logged ones made 11,700.
create function vote_door_append(
  in_partition integer,
  poll_ids text[],
  rounds integer[],
  revisions integer[],
  kinds text[],
  voters bytea[],
  selections bytea[],
  -- Per call: key (8 bytes) and hash of what is asked (8 bytes); null without a key.
  requests bytea[],
  are_again boolean[],
  -- Per call: the vote as the stream carries it.
  encoded_votes bytea[],
  in_format_version smallint,
  -- Votes of the partition that may wait to be recorded; null: any number.
  unrecorded_votes_max bigint,
  out entry_number bigint,
  out entry_epoch integer,
  out answers text[],
  out repeated_positions text[]
)
language plpgsql
-- One plan, made once: planning anew for each batch nearly doubled the time of a small one. It outlives the moment in which
-- it was made, so it must be the one for a large table: an empty table's would go on reading all of it as it grows.
set plan_cache_mode = force_generic_plan
set jit = off
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
as $$
declare
  head stream_head;
  clock timestamptz;
  gate door;
  call record;
  known door_voter;
  request_at integer;
  entry_position bytea;
  accepted integer := 0;
  room bigint;
  learned_door_ids bigint[] := '{}';
  learned_voters bytea[] := '{}';
  learned_selections bytea[] := '{}';
  learned_positions bytea[] := '{}';
  learned_requests bytea[] := '{}';
  due_poll_ids text[] := '{}';
  due_rounds integer[] := '{}';
begin
  -- What is answered is sent after the commit, so this commit waits for the disk, whatever the server does by default.
  if current_setting('synchronous_commit') = 'off' then
    perform set_config('synchronous_commit', 'on', true);
  end if;
  head := lock_stream_head(in_partition);
  -- After the lock: whoever waited must not judge by the time at which it began to wait.
  clock := clock_timestamp();
  room := unrecorded_votes_max - (head.votes - head.recorded_votes);
  entry_number := head.last_number + 1;
  entry_epoch := head.epoch;
  entry_position := int4send(head.epoch) || substring(int8send(entry_number) from 3) || int4send(0);
  answers := array_fill(null::text, array[cardinality(poll_ids)]);
  repeated_positions := answers;

  for call in
    select c.*, v.door_id, v.selection as known_selection, v.position as known_position, v.requests as known_requests
      from unnest(poll_ids, rounds, revisions, kinds, voters, selections, requests, are_again) with ordinality
        as c (poll_id, round, revision, kind, voter, selection, request, is_again, place)
      left join door d on d.partition = in_partition and d.poll_id = c.poll_id
      left join door_voter v on v.door_id = d.door_id and v.voter = c.voter
     order by c.place
  loop
    if gate.poll_id is distinct from call.poll_id then
      select * into gate from door d
       where d.partition = in_partition and d.poll_id = call.poll_id and d.epoch = head.epoch and d.epoch > 0;
      gate.poll_id := call.poll_id;
      if gate.state = 'open' and clock >= gate.closes_at then
        update door d set state = 'shut' where d.partition = in_partition and d.poll_id = gate.poll_id;
        gate.state := 'shut';
        due_poll_ids := due_poll_ids || gate.poll_id;
        due_rounds := due_rounds || gate.round;
      end if;
    end if;
    -- The door of an earlier round stands where that of this round is missing.
    if gate.state is null or gate.round < call.round then
      answers[call.place] := 'door_missing';
      continue;
    elsif gate.round > call.round or call.revision < gate.revision then
      answers[call.place] := 'definition_stale';
      continue;
    end if;

    if call.is_again then
      perform remember_voters(learned_door_ids, learned_voters, learned_selections, learned_positions, learned_requests);
      learned_door_ids := '{}';
      learned_voters := '{}';
      learned_selections := '{}';
      learned_positions := '{}';
      learned_requests := '{}';
      select * into known from door_voter v where v.door_id = gate.door_id and v.voter = call.voter;
    else
      known.door_id := call.door_id;
      known.selection := call.known_selection;
      known.position := call.known_position;
      known.requests := call.known_requests;
    end if;

    -- Null without a key, and for a voter whom the door does not know: comparing with null finds nothing.
    request_at := case substring(call.request for 8)
      when substring(known.requests from 1 for 8) then 1
      when substring(known.requests from 33 for 8) then 33
      when substring(known.requests from 65 for 8) then 65
    end;
    if request_at is not null then
      if substring(known.requests from request_at + 8 for 8) = substring(call.request from 9) then
        answers[call.place] := 'repeated';
        repeated_positions[call.place] := encode(substring(known.requests from request_at + 16 for 16), 'hex');
      else
        answers[call.place] := 'idempotency_key_reused';
      end if;
      continue;
    elsif gate.state = 'shut' then
      -- Only after the keys: whose answer was lost must not hear that the vote came too late.
      answers[call.place] := 'poll_closed';
      continue;
    elsif known.door_id is null then
      if call.kind <> 'cast' then
        answers[call.place] := 'no_vote';
        continue;
      end if;
    elsif known.selection = call.selection then
      answers[call.place] := 'repeated';
      repeated_positions[call.place] := encode(known.position, 'hex');
      continue when call.request is null;
      -- Learned below: else a late repetition of this request, after another change, would change the vote back.
    elsif call.kind = 'cast' and known.selection <> '\x00' then
      answers[call.place] := 'already_voted';
      continue;
    elsif call.kind = 'change' and known.selection = '\x00' then
      answers[call.place] := 'no_vote';
      continue;
    end if;

    if answers[call.place] is null then
      if accepted >= room then
        answers[call.place] := 'overloaded';
        continue;
      end if;
      answers[call.place] := 'accepted';
      known.position := entry_position || int2send(accepted::smallint);
      accepted := accepted + 1;
    end if;
    learned_door_ids := learned_door_ids || gate.door_id;
    learned_voters := learned_voters || call.voter;
    learned_selections := learned_selections || call.selection;
    learned_positions := learned_positions || known.position;
    learned_requests := learned_requests
      || substring(coalesce(call.request || known.position, '') || coalesce(known.requests, '') for 96);
  end loop;
  if cardinality(learned_voters) > 0 then
    perform remember_voters(learned_door_ids, learned_voters, learned_selections, learned_positions, learned_requests);
  end if;

  if accepted > 0 then
    head.last_number := entry_number;
    insert into vote_event (partition, number, epoch, appended_at, format_version, votes, votes_before, payload)
    select in_partition, entry_number, head.epoch, clock, in_format_version, accepted, head.votes,
           string_agg(e.vote, ''::bytea order by e.place)
      from unnest(encoded_votes, answers) with ordinality as e (vote, answer, place)
     where e.answer = 'accepted';
    head.votes := head.votes + accepted;
    update stream_head h set last_number = entry_number, votes = head.votes where h.partition = in_partition;
    -- Commits that notify queue up in the whole database. Waking readers in a transaction of its own would spare that, and
    -- cost a round trip for each batch; four partitions appended 20,000 votes/s together as it is.
    perform pg_notify('vote_event_' || in_partition, '');
  end if;
  for i in 1 .. cardinality(due_poll_ids) loop
    head := append_close_marker(head, due_poll_ids[i], due_rounds[i]);
  end loop;
end $$;

-- As an older version calls it while this one is being put in place: it knows no limit.
create or replace function vote_door_append(
  in_partition integer, poll_ids text[], rounds integer[], revisions integer[], kinds text[], voters bytea[],
  selections bytea[], requests bytea[], are_again boolean[], encoded_votes bytea[], in_format_version smallint,
  out entry_number bigint, out entry_epoch integer, out answers text[], out repeated_positions text[]
)
language sql as $$
  select * from vote_door_append(
    in_partition, poll_ids, rounds, revisions, kinds, voters,
    selections, requests, are_again, encoded_votes, in_format_version, null
  );
$$;

-- Takes over how far the ledger is. Never back: an owner that was replaced may say late what was so long ago.
create function vote_stream_follow(in_partition integer, in_recorded_number bigint) returns void
language plpgsql as $$
declare
  head stream_head;
  recorded bigint;
begin
  -- Asked of every partition all the time, and mostly there is nothing to learn: then the lock is left to those who append.
  if not exists (select from stream_head h where h.partition = in_partition and h.recorded_votes < h.votes) then
    return;
  end if;
  -- What a crash forgets of this is told again, so nobody waits for the disk.
  perform set_config('synchronous_commit', 'off', true);
  head := lock_stream_head(in_partition);
  select e.votes_before into recorded from vote_event e
   where e.partition = in_partition and e.number > in_recorded_number
   order by e.number limit 1;
  recorded := coalesce(recorded, head.votes);
  update stream_head h set recorded_votes = recorded where h.partition = in_partition and h.recorded_votes < recorded;
end $$;
