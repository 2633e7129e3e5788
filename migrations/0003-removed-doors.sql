-- The doors of a round are kept for a while after its end, then removed. This remembers the latest round that it was done for.
alter table poll add column doors_removed_round integer not null default 0;

create index poll_with_old_doors on poll (changed_at)
where (status = 'closed' and doors_removed_round < round)
  or (status in ('draft', 'scheduled') and doors_removed_round < round - 1);
