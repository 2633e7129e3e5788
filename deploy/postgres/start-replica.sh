#!/bin/sh
# Copies the primary where there is no copy yet, and follows it from then on.
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
exec gosu postgres postgres -c hot_standby_feedback=on
