-- Rounds whose votes were taken out of the ledger, or are about to be: their tally stands, and nobody can count it again.
create table pruned_round (
  poll_id text collate "C" not null,
  round integer not null,
  -- That stood.
  votes bigint not null,
  -- The final result under the service's signature, as it was before; null of a round that a reset or a deletion had ended.
  signed_result text,
  pruned_at timestamptz(3) not null default clock_timestamp(),
  primary key (poll_id, round)
);
