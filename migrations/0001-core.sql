-- The truth of Tallycast: definitions of polls, the ledger of votes, and the tallies that always equal it.
--
-- Ids are compared byte by byte (collate "C"): the order of a page, and of the locks that a batch takes, must not depend
-- on the locale of the server. Times are kept to the millisecond, which is what the rest of the system counts in.

create table poll (
  id text collate "C" primary key,
  question text not null,
  description text not null,
  type text not null,
  min_choices smallint not null,
  max_choices smallint not null,
  next_option_id integer not null,
  status text not null,
  opens_at timestamptz(3),
  closes_at timestamptz(3),
  opened_at timestamptz(3),
  closed_at timestamptz(3),
  edited_at timestamptz(3),
  created_at timestamptz(3) not null,
  results_visibility text not null,
  voter_visibility text not null,
  voter_identity text not null,
  allow_vote_change boolean not null,
  partitions smallint not null,
  round integer not null,
  revision integer not null,
  -- The latest revision that doors, caches and viewers are known to have.
  announced_revision integer not null default 0,
  -- SHA-256, hexadecimal.
  manage_token_hash text not null,
  -- The last change of definition or status, by the clock of this database.
  changed_at timestamptz(3) not null default clock_timestamp(),
  -- When time moves this poll on; null where it waits for somebody. Whatever is closing has been due since it began to.
  due_at timestamptz(3) generated always as (
    case status when 'scheduled' then opens_at when 'open' then closes_at when 'closing' then changed_at end
  ) stored,
  constraint type_is_known check (type in ('single', 'multiple')),
  constraint status_is_known check (status in ('draft', 'scheduled', 'open', 'closing', 'closed', 'deleted')),
  constraint results_visibility_is_known check (results_visibility in ('always', 'after_vote', 'after_close', 'never')),
  constraint voter_visibility_is_known check (voter_visibility in ('secret', 'organizer', 'public')),
  constraint voter_identity_is_known check (voter_identity in ('none', 'session', 'token', 'code')),
  -- An empty selection means a retracted vote, so nobody may be asked to choose nothing.
  constraint a_vote_chooses_something check (min_choices between 1 and max_choices),
  constraint votes_have_a_partition check (partitions >= 1),
  constraint rounds_begin_at_one check (round >= 1),
  constraint option_ids_fit check (next_option_id between 1 and 32768)
);

create index poll_newest_first on poll (created_at desc, id desc) where status <> 'deleted';
create index poll_due on poll (due_at) where due_at is not null;
create index poll_partitions on poll (partitions);
create index poll_unannounced on poll (changed_at) where announced_revision < revision;

create table poll_option (
  poll_id text collate "C" not null references poll,
  id smallint not null,
  text text not null,
  position smallint not null,
  primary key (poll_id, id),
  constraint option_ids_begin_at_one check (id >= 1),
  -- Deferrable: it is judged after a whole statement, so that two options can change places in one.
  constraint one_option_per_position unique (poll_id, position) deferrable initially immediate
);

-- The ledger. No foreign key and no second index: both cost on each vote, and the statement that writes a batch looks at
-- the poll anyway. The fillfactor stays at 100: most votes are never changed, so room left for changes in every page would
-- cost more pages on each poll than it spares index entries on the few that allow them.
create table vote (
  poll_id text collate "C" not null,
  round integer not null,
  -- 16 bytes: a keyed hash of poll and subject.
  voter bytea not null,
  -- Ids of the chosen options, ascending; empty: retracted.
  selection smallint[] not null,
  -- 16 bytes that compare as the places in the stream do.
  position bytea not null,
  constraint one_vote_per_voter primary key (poll_id, round, voter)
);

create table tally (
  poll_id text collate "C" not null,
  round integer not null,
  partition smallint not null,
  -- counts[i] are the votes for the option with id i.
  counts bigint[] not null,
  -- Votes with a selection.
  total_votes bigint not null,
  -- Number of rows of the ledger that were written or changed.
  version bigint not null,
  -- Where the marker stands after which this round takes no vote at this partition.
  closed_position bytea,
  recorded_at timestamptz(3) not null,
  primary key (poll_id, round, partition)
);

-- The sweep asks each partition for what was recorded after its checkpoint's announced_until.
create index tally_recorded_last on tally (partition, recorded_at);

create table checkpoint (
  partition smallint primary key,
  epoch integer not null,
  -- The last entry of the stream that the ledger holds.
  recorded text not null,
  -- When it was recorded. Grows with every batch, also where the clock stands still or steps back.
  recorded_at timestamptz(3) not null default 'epoch',
  -- What was recorded up to this moment has been announced.
  announced_until timestamptz(3) not null default 'epoch',
  owner text,
  lease_until timestamptz(3) not null default 'epoch',
  constraint epochs_begin_at_one check (epoch >= 1)
);

-- Votes that could not be recorded, for whoever must explain or replay them.
create table set_aside (
  id bigint generated always as identity primary key,
  -- Two partitions may have the same position.
  partition smallint not null,
  position bytea not null,
  poll_id text collate "C",
  reason text not null,
  payload text not null,
  set_aside_at timestamptz(3) not null default clock_timestamp(),
  replayed_at timestamptz(3),
  constraint set_aside_once unique (partition, position)
);

create table api_key (
  id text collate "C" primary key,
  -- The readable beginning of the key, by which it is found.
  prefix text not null,
  -- Of the whole key; the key itself is kept nowhere.
  hash bytea not null,
  scopes text[] not null,
  created_at timestamptz(3) not null default clock_timestamp(),
  expires_at timestamptz(3),
  revoked_at timestamptz(3),
  constraint one_key_per_prefix unique (prefix)
);

-- Secrets that the environment did not give: made once, shared by all processes.
create table secret (
  name text primary key,
  value bytea not null
);
