-- What organisers did, and who: appended to in the transaction of the change, and never changed. No text of a poll, no secret.
create table audit_event (
  id bigint generated always as identity primary key,
  at timestamptz(3) not null default clock_timestamp(),
  action text not null,
  actor text not null,
  -- Prefix of the key that acted.
  actor_key text,
  address text,
  request_id text,
  poll_id text collate "C",
  -- Prefix of the key that it is about.
  key_prefix text,
  constraint a_key_that_acts_is_named check ((actor = 'api_key') = (actor_key is not null))
);

create function refuse_audit_change() returns trigger
language plpgsql
as $$
begin
  raise exception 'the audit log is appended to and never changed';
end
$$;

create trigger audit_is_append_only
before update or delete or truncate on audit_event
for each statement execute function refuse_audit_change();
