-- How the last replay of a vote that was set aside ended, null before the first; `replayed_at` says since when it is so.
alter table set_aside add column replay_outcome text;

create index set_aside_of_poll on set_aside (poll_id, id);
