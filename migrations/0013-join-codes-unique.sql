-- In a file of its own, which is a transaction of its own: beside the new column it would be built under the lock that the column needs, and nobody could
-- read a poll until it is done. So polls are read meanwhile, and whoever changes one waits.

-- A poll that is deleted gives its code back.
create unique index one_poll_per_join_code on poll (join_code) where join_code is not null and status <> 'deleted';
