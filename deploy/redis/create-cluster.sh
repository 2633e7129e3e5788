#!/bin/sh
# Makes one cluster of the six nodes that are named (host:port), three of them replicas, unless they are one already. Nodes meet by address
# alone. Ends with 1, and with what is wrong, where it is not whole in time.
set -eu

host="${1%%:*}"
port="${1#*:}"
port="${port%@*}"
within_seconds="${CLUSTER_WITHIN_SECONDS:-60}"

is_whole() { redis-cli -h "$host" -p "$port" cluster info | grep -q '^cluster_state:ok'; }
is_new() { redis-cli -h "$host" -p "$port" cluster info | grep -q '^cluster_known_nodes:1[^0-9]*$'; }
fail() {
  redis-cli --cluster check "$host:$port" || true
  echo 'The six are no whole cluster. See that all of them run; where making it was cut short, remove their volumes (redis-1-data to' \
    'redis-6-data: votes that are not recorded yet are lost with them) and start again.' >&2
  exit 1
}

if is_new; then
  nodes=''
  for node in "$@"; do
    nodes="$nodes $(getent ahostsv4 "${node%%:*}" | head -n 1 | cut -d ' ' -f 1):${node#*:}"
  done
  # One word for each node.
  # shellcheck disable=SC2086
  redis-cli --cluster create $nodes --cluster-replicas 1 --cluster-yes || fail
fi
waited_seconds=0
until is_whole; do
  if [ "$waited_seconds" -ge "$within_seconds" ]; then fail; fi
  sleep 1
  waited_seconds=$((waited_seconds + 1))
done
