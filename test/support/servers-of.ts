import { Redis } from 'ioredis'
import { spreadTag } from '../../src/adapters/redis/cluster/partition-tags.ts'
import { createKeys, type Keys } from '../../src/adapters/redis/keys.ts'
import type { Servers } from '../../src/adapters/redis/servers.ts'

/** How the Redis of a system is reached, past all ways. `cluster`: null where it is none. */
export type ReachedRedis = {
  readonly redisUrl: string
  readonly redisPrefix: string
  readonly cluster: { readonly connections: { readonly commands: Servers } } | null
}

/** Does the work with the Redis of the system, whether it is one or a cluster. */
export const withServers = async <Result>(
  { cluster, redisUrl, redisPrefix }: ReachedRedis,
  work: (servers: Servers, keys: Keys) => Promise<Result>,
): Promise<Result> => {
  if (cluster !== null) return work(cluster.connections.commands, createKeys(redisPrefix, spreadTag))
  const redis = new Redis(redisUrl)
  try {
    return await work(redis, createKeys(redisPrefix))
  } finally {
    redis.disconnect()
  }
}
