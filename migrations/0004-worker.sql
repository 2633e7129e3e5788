-- Who is there to share the partitions. A worker that stops says so; one that dies is left out when its time is up.
create table worker (
  name text primary key,
  present_until timestamptz not null
);
