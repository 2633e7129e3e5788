#!/bin/sh
# Copies the primary where there is no copy yet, and follows it from then on. One that was away for longer than the primary keeps its log for
# (max_slot_wal_keep_size) cannot follow any more: docs/operations.md, "A standby that has lost its place".
set -eu

if [ ! -s "$PGDATA/PG_VERSION" ]; then
  # Beside its place, so that a copy that was cut short is never taken for one.
  copy="$PGDATA.copy"
  rm -rf "$copy"
  install -d -o postgres -g postgres -m 700 "$copy"
  gosu postgres env PGPASSWORD="$POSTGRES_PASSWORD" pg_basebackup \
    --host=postgres --username=replica --slot=replica --wal-method=stream --write-recovery-conf --pgdata="$copy"
  if [ -d "$PGDATA" ]; then rmdir "$PGDATA"; fi
  mv "$copy" "$PGDATA"
fi
# The primary keeps what a long export here still sees, or the export would be ended.
# It must take as many connections as the primary, or it does not start.
exec gosu postgres postgres -c hot_standby_feedback=on -c max_connections=300
