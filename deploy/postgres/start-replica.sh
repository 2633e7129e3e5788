#!/bin/sh
# Copies the primary where there is no copy yet, and follows it from then on.
set -eu

if [ ! -s "$PGDATA/PG_VERSION" ]; then
  install -d -o postgres -g postgres -m 700 "$PGDATA"
  gosu postgres env PGPASSWORD="$POSTGRES_PASSWORD" pg_basebackup \
    --host=postgres --username=replica --slot=replica --wal-method=stream --write-recovery-conf --pgdata="$PGDATA"
fi
exec gosu postgres postgres
