#!/bin/sh
# Makes one cluster of the six nodes that are named (host:port, or host:port@bus-port), three of them replicas, unless they are one already.
# Nodes meet by address alone. Ends with 1, and with what is wrong, where it is not whole in time.
set -eu

first="$1"
named="$*"
within_seconds="${CLUSTER_WITHIN_SECONDS:-60}"
answers_within_seconds=2

# What a node answers; one that is silent is not waited for.
ask() {
  node="${1%@*}"
  shift
  timeout "$answers_within_seconds" redis-cli -h "${node%%:*}" -p "${node#*:}" "$@"
}
is_whole() { ask "$first" cluster info | grep -q '^cluster_state:ok'; }
is_new() { ask "$first" cluster info | grep -q '^cluster_known_nodes:1[^0-9]*$'; }
fail() {
  for one in $named; do
    ask "$one" ping | grep -q PONG || echo "${one} does not answer." >&2
  done
  timeout "$answers_within_seconds" redis-cli --cluster check "${first%@*}" || true
  echo 'The six are no whole cluster. See that all of them run; where making it was cut short, remove their volumes (redis-1-data to' \
    'redis-6-data: votes that are not recorded yet are lost with them) and start again.' >&2
  exit 1
}

if is_new; then
  nodes=''
  for one in "$@"; do
    nodes="$nodes $(getent ahostsv4 "${one%%:*}" | head -n 1 | cut -d ' ' -f 1):${one#*:}"
  done
  # One word for each node. Where one of them is silent, or the others do not hear of it, this would wait without an end.
  # shellcheck disable=SC2086
  timeout "$within_seconds" redis-cli --cluster create $nodes --cluster-replicas 1 --cluster-yes || fail
  outcome='The six are one cluster now.'
else
  outcome='The six are one cluster already: nothing was changed.'
fi
give_up_at=$(($(date +%s) + within_seconds))
until is_whole; do
  if [ "$(date +%s)" -ge "$give_up_at" ]; then fail; fi
  sleep 1
done
echo "$outcome"
