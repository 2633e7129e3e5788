-- The register: the voters whom a voting code of the poll lets vote. Neither codes nor anything that leads back to them. No foreign key, as
-- with votes: the statement that writes here changes the poll's row anyway. The register of a deleted poll stays, as its votes do.
create table vote_code (
  poll_id text collate "C" not null,
  -- 16 bytes, as in the ledger.
  voter bytea not null,
  constraint one_code_per_voter primary key (poll_id, voter)
);

-- How many there are, so that nobody has to count them.
alter table poll add column codes_made integer not null default 0;
