-- Keys are made from here on: no version before this one has written to the table. A key is named by its prefix alone.
alter table api_key
  drop constraint one_key_per_prefix,
  drop column id,
  add constraint api_key_pkey primary key (prefix),
  add column name text not null,
  -- At most once a minute, so it may be that much behind.
  add column last_used_at timestamptz(3),
  add constraint key_has_a_scope check (cardinality(scopes) >= 1),
  add constraint scopes_are_known check (scopes <@ array['polls:read', 'polls:write', 'votes:write', 'admin']);

create index api_key_newest_first on api_key (created_at desc, prefix desc);
