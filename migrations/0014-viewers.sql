-- How many watch, as each api process told last. Without a log: a crash empties them, and all is told anew within seconds.
create unlogged table viewing_process (
  process text collate "C" primary key,
  -- What it told counts until then.
  counts_until timestamptz(3) not null
);

create unlogged table viewer_count (
  poll_id text collate "C" not null,
  process text collate "C" not null references viewing_process on delete cascade,
  viewers integer not null,
  primary key (poll_id, process),
  constraint somebody_watches check (viewers > 0)
);

create index viewer_count_of_process on viewer_count (process);
