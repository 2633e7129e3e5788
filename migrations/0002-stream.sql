-- Life without Redis: stream, doors and cache in PostgreSQL.
--
-- Every function that touches a door or the stream begins with the lock on its partition's row of stream_head, and the lock
-- lives until the commit. So the entry with number n+1 is given out only after the one with number n is committed (or was
-- never there): whoever sees n+1 has seen n. A sequence could not promise that: it hands out numbers at once and
-- transactions commit in any order, so a reader that stands at n+1 would pass an n that appears later, and lose its votes.
--
-- Stream and doors are logged tables. Unlogged doors would spare about half of what an append writes, but a crash of
-- PostgreSQL empties them: every poll would answer 503 until its voters are read back from the ledger, and a door that was
-- shut would be forgotten while some process still holds a definition that says open. Logged, the door, the stream and the
-- ledger fall together to one moment of the same log, whatever happens, and never contradict each other.

create table stream_head (
  partition integer primary key,
  last_number bigint not null default 0,
  -- 0: never told. Then every door of the partition counts as missing.
  epoch integer not null default 0
)
-- Every append updates a row here: room on its page keeps the old versions prunable without touching the index.
with (fillfactor = 10);

create table vote_event (
  partition integer not null,
  number bigint not null,
  epoch integer not null,
  appended_at timestamptz not null,
  -- Of the payload; 0 for a close marker.
  format_version smallint not null,
  votes integer not null,
  payload bytea,
  closes_poll_id text collate "C",
  closes_round integer,
  primary key (partition, number),
  constraint votes_or_close_marker check (
    (payload is not null and closes_poll_id is null and closes_round is null)
    or (payload is null and closes_poll_id is not null and closes_round is not null)
  )
);

-- Keyed hashes do not compress; trying to costs more than it saves.
alter table vote_event alter column payload set storage external;

-- Names the voters of a door. A new round gets a new number, so that replacing a million voters touches one row.
create sequence door_number;

create table door (
  partition integer not null,
  poll_id text collate "C" not null,
  round integer not null,
  state text not null constraint door_state_known check (state in ('open', 'shut')),
  revision integer not null,
  closes_at timestamptz,
  -- A door of an earlier epoch than its partition counts as missing.
  epoch integer not null,
  -- Null: the door was shut while it was missing, so nobody knows its voters here.
  door_id bigint,
  primary key (partition, poll_id)
)
with (fillfactor = 50);

create table door_voter (
  door_id bigint not null,
  voter bytea not null,
  -- As in the bytes of a vote: number of options (1), option ids (2 each, ascending); none after a retract.
  selection bytea not null,
  position bytea not null,
  -- The last three requests that brought a key, latest first, 32 bytes each: key (8), hash of what was asked (8), position (16).
  requests bytea not null,
  primary key (door_id, voter)
)
with (fillfactor = 90);

create table door_restoration (
  partition integer not null,
  poll_id text collate "C" not null,
  door_id bigint not null,
  -- Null until the first voters are put.
  round integer,
  expires_at timestamptz not null,
  primary key (partition, poll_id)
);

-- Numbers whose voters nobody reads any more: removed in slices, outside of every lock.
create table door_leftover (door_id bigint primary key);

-- Rebuilt from the ledger when lost, so not worth a log. A migration that changes what a body holds MUST empty them.
create unlogged table cached_tally (
  poll_id text collate "C" primary key,
  version bigint not null,
  body json not null,
  expires_at timestamptz
);

create unlogged table cached_poll (
  poll_id text collate "C" primary key,
  revision bigint not null,
  body json not null,
  expires_at timestamptz
);

-- Functions that begin with this lock MUST stay volatile: only then each statement after it sees what the holder before
-- has committed.
create function lock_stream_head(in_partition integer) returns stream_head
language plpgsql as $$
declare
  head stream_head;
begin
  select * into head from stream_head h where h.partition = in_partition for update;
  if not found then
    insert into stream_head (partition) values (in_partition) on conflict do nothing;
    select * into head from stream_head h where h.partition = in_partition for update;
  end if;
  return head;
end $$;

-- Appends the close marker behind `head`, which the caller holds locked, and returns the new head.
create function append_close_marker(head stream_head, in_poll_id text, in_round integer) returns stream_head
language plpgsql as $$
begin
  head.last_number := head.last_number + 1;
  insert into vote_event (partition, number, epoch, appended_at, format_version, votes, closes_poll_id, closes_round)
  values (head.partition, head.last_number, head.epoch, clock_timestamp(), 0, 0, in_poll_id, in_round);
  update stream_head h set last_number = head.last_number where h.partition = head.partition;
  perform pg_notify('vote_event_' || head.partition, '');
  return head;
end $$;

-- Writes what the door knows of voters, each at most once.
create function remember_voters(
  door_ids bigint[], voters bytea[], selections bytea[], positions bytea[], requests bytea[]
) returns void
language sql as $$
  insert into door_voter (door_id, voter, selection, position, requests)
  select * from unnest(door_ids, voters, selections, positions, requests)
  on conflict (door_id, voter) do update set
    selection = excluded.selection, position = excluded.position, requests = excluded.requests;
$$;

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
    insert into vote_event (partition, number, epoch, appended_at, format_version, votes, payload)
    select in_partition, entry_number, head.epoch, clock, in_format_version, accepted,
           string_agg(e.vote, ''::bytea order by e.place)
      from unnest(encoded_votes, answers) with ordinality as e (vote, answer, place)
     where e.answer = 'accepted';
    update stream_head h set last_number = entry_number where h.partition = in_partition;
    -- Commits that notify queue up in the whole database. Waking readers in a transaction of its own would spare that, and
    -- cost a round trip for each batch; four partitions appended 20,000 votes/s together as it is.
    perform pg_notify('vote_event_' || in_partition, '');
  end if;
  for i in 1 .. cardinality(due_poll_ids) loop
    head := append_close_marker(head, due_poll_ids[i], due_rounds[i]);
  end loop;
end $$;

create function vote_door_open(
  in_partition integer, in_poll_id text, in_round integer, in_revision integer, in_closes_at timestamptz
) returns void
language plpgsql as $$
declare
  head stream_head := lock_stream_head(in_partition);
  gate door;
begin
  select * into gate from door d where d.partition = in_partition and d.poll_id = in_poll_id;
  -- A door of this round stays as it is also where it counts as missing: somebody may have voted in it.
  if found and gate.round >= in_round then
    return;
  end if;
  perform vote_door_remove(in_partition, in_poll_id);
  -- An invented epoch could be that of a stream that was lost, whose positions would come a second time. The door stays
  -- missing, and the first call restores it with the epoch of the checkpoint.
  if head.epoch = 0 then
    return;
  end if;
  insert into door (partition, poll_id, round, state, revision, closes_at, epoch, door_id)
  values (in_partition, in_poll_id, in_round, 'open', in_revision, in_closes_at, head.epoch, nextval('door_number'));
end $$;

-- True where the door of this round is shut, of whatever epoch: what was shut in its round is restored shut.
create function vote_door_revise(
  in_partition integer, in_poll_id text, in_round integer, in_revision integer, in_closes_at timestamptz
) returns boolean
language plpgsql as $$
declare
  head stream_head := lock_stream_head(in_partition);
begin
  update door d set revision = in_revision, closes_at = in_closes_at
   where d.partition = in_partition and d.poll_id = in_poll_id and d.round = in_round
     and d.state = 'open' and d.epoch = head.epoch and d.revision < in_revision;
  return exists (
    select from door d
     where d.partition = in_partition and d.poll_id = in_poll_id and d.round = in_round and d.state = 'shut'
  );
end $$;

-- False where the partition has no epoch and nothing could be done: the door would count as missing as soon as there is one.
create function vote_door_shut(in_partition integer, in_poll_id text, in_round integer, is_repeat boolean) returns boolean
language plpgsql as $$
declare
  head stream_head := lock_stream_head(in_partition);
  gate door;
begin
  select * into gate from door d where d.partition = in_partition and d.poll_id = in_poll_id;
  if gate.round > in_round then
    return true;
  end if;
  if head.epoch = 0 then
    return false;
  end if;
  if gate.round = in_round and gate.epoch = head.epoch then
    if gate.state = 'shut' and not is_repeat then
      return true;
    end if;
    update door d set state = 'shut' where d.partition = in_partition and d.poll_id = in_poll_id;
  else
    perform vote_door_remove(in_partition, in_poll_id);
    -- Revision 0: whatever definition a call was checked against, it hears that the poll is closed.
    insert into door (partition, poll_id, round, state, revision, epoch)
    values (in_partition, in_poll_id, in_round, 'shut', 0, head.epoch);
  end if;
  perform append_close_marker(head, in_poll_id, in_round);
  return true;
end $$;

-- Also takes back a restoration that is under way: it would bring an earlier round back.
create function vote_door_remove(in_partition integer, in_poll_id text) returns void
language plpgsql as $$
begin
  perform lock_stream_head(in_partition);
  with doors as (
    delete from door d where d.partition = in_partition and d.poll_id = in_poll_id returning d.door_id
  ), restorations as (
    delete from door_restoration r where r.partition = in_partition and r.poll_id = in_poll_id returning r.door_id
  )
  insert into door_leftover (door_id)
  select door_id from doors where door_id is not null union select door_id from restorations
  on conflict do nothing;
end $$;

-- Removes at most `rows_max` voters that nobody reads any more. False when there are none left.
create function sweep_door_leftovers(rows_max integer) returns boolean
language plpgsql
set enable_seqscan = off
as $$
declare
  leftover bigint;
  removed integer;
begin
  select l.door_id into leftover from door_leftover l order by l.door_id limit 1 for update skip locked;
  if not found then
    return false;
  end if;
  delete from door_voter v where v.door_id = leftover and v.voter in (
    select s.voter from door_voter s where s.door_id = leftover limit rows_max
  );
  get diagnostics removed = row_count;
  if removed < rows_max then
    delete from door_leftover l where l.door_id = leftover;
  end if;
  return true;
end $$;

-- No row when the door of this or a later round is there, or while somebody else restores it. The permission's token is the
-- number of the new door.
create function door_restoration_begin(in_partition integer, in_poll_id text, in_round integer, life interval)
returns table (token bigint, end_number bigint, epoch integer)
language plpgsql as $$
declare
  head stream_head := lock_stream_head(in_partition);
begin
  if exists (
    select from door d
     where d.partition = in_partition and d.poll_id = in_poll_id and d.round >= in_round
       and d.epoch = head.epoch and d.epoch > 0
  ) or exists (
    select from door_restoration r
     where r.partition = in_partition and r.poll_id = in_poll_id and r.expires_at > clock_timestamp()
  ) then
    return;
  end if;
  perform door_restoration_abandon(in_partition, in_poll_id, null);
  insert into door_restoration (partition, poll_id, door_id, expires_at)
  values (in_partition, in_poll_id, nextval('door_number'), clock_timestamp() + life)
  returning door_id into token;
  end_number := head.last_number;
  epoch := head.epoch;
  return next;
end $$;

-- Each page of voters prolongs the permission: a large poll takes longer to read than one life.
create function door_restoration_put_voters(
  in_partition integer, in_poll_id text, token bigint, life interval, in_round integer,
  voters bytea[], selections bytea[], positions bytea[]
) returns boolean
language plpgsql as $$
begin
  update door_restoration r set round = in_round, expires_at = clock_timestamp() + life
   where r.partition = in_partition and r.poll_id = in_poll_id and r.door_id = token
     and r.expires_at > clock_timestamp() and coalesce(r.round, in_round) = in_round;
  if not found then
    return false;
  end if;
  insert into door_voter (door_id, voter, selection, position, requests)
  select token, v.voter, v.selection, v.position, '' from unnest(voters, selections, positions) as v (voter, selection, position)
  on conflict (door_id, voter) do update set selection = excluded.selection, position = excluded.position;
  return true;
end $$;

create function door_restoration_finish(
  in_partition integer, in_poll_id text, token bigint,
  in_round integer, in_revision integer, in_closes_at timestamptz, in_epoch integer
) returns boolean
language plpgsql as $$
declare
  head stream_head := lock_stream_head(in_partition);
  gate door;
begin
  perform from door_restoration r
   where r.partition = in_partition and r.poll_id = in_poll_id and r.door_id = token
     and r.expires_at > clock_timestamp() and coalesce(r.round, in_round) = in_round
     for update;
  if not found or head.epoch > in_epoch then
    return false;
  end if;
  select * into gate from door d where d.partition = in_partition and d.poll_id = in_poll_id;
  if gate.round > in_round or (gate.round = in_round and gate.epoch = head.epoch and gate.epoch > 0) then
    return false;
  end if;
  delete from door_restoration r where r.partition = in_partition and r.poll_id = in_poll_id;
  perform vote_door_remove(in_partition, in_poll_id);
  update stream_head h set epoch = in_epoch where h.partition = in_partition and h.epoch < in_epoch;
  insert into door (partition, poll_id, round, state, revision, closes_at, epoch, door_id)
  values (
    in_partition, in_poll_id, in_round,
    -- What was shut stays shut in its round, also where the stream lost its log since.
    case when gate.round = in_round then gate.state else 'open' end,
    in_revision, in_closes_at, in_epoch, token
  );
  return true;
end $$;

-- Without a token: whatever permission there is.
create function door_restoration_abandon(in_partition integer, in_poll_id text, token bigint) returns void
language sql as $$
  with restorations as (
    delete from door_restoration r
     where r.partition = in_partition and r.poll_id = in_poll_id and r.door_id = coalesce(token, r.door_id)
    returning r.door_id
  )
  insert into door_leftover (door_id) select door_id from restorations on conflict do nothing;
$$;
