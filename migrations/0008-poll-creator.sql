-- By which API key a poll was created, by the key's prefix: null where none was shown, and for all polls before this.
alter table poll add column created_by_key text collate "C";

create index poll_of_key on poll (created_by_key, created_at desc, id desc)
where created_by_key is not null and status <> 'deleted';
