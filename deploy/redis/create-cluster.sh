#!/bin/sh
# Makes one cluster of the six nodes, three of them replicas, unless they are one already. Nodes meet by address alone.
set -eu

is_whole() { redis-cli -h redis-1 cluster info | grep -q '^cluster_state:ok'; }
is_new() { redis-cli -h redis-1 cluster info | grep -q '^cluster_known_nodes:1[^0-9]*$'; }

if is_new; then
  nodes=''
  for number in 1 2 3 4 5 6; do
    nodes="$nodes $(getent hosts "redis-$number" | cut -d ' ' -f 1):6379"
  done
  # One word for each node.
  # shellcheck disable=SC2086
  redis-cli --cluster create $nodes --cluster-replicas 1 --cluster-yes
fi
until is_whole; do sleep 1; done
