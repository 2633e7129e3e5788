import { once } from 'node:events'
import { connectCluster } from '../../src/adapters/redis/cluster/connect.ts'
import type { RedisConnections, RedisSettings } from '../../src/adapters/redis/connect.ts'
import { createDoorRestoration } from '../../src/adapters/redis/door-restoration.ts'
import { createKeys } from '../../src/adapters/redis/keys.ts'
import { spreadTag } from '../../src/adapters/redis/cluster/partition-tags.ts'
import type { RedisCluster } from '../../src/adapters/redis/servers.ts'
import { createTallyCache } from '../../src/adapters/redis/tally-cache.ts'
import { createTallyFeed } from '../../src/adapters/redis/tally-feed.ts'
import { createViewerCounts } from '../../src/adapters/redis/viewer-counts.ts'
import { createVoteDoor } from '../../src/adapters/redis/vote-door.ts'
import { createVoteStream } from '../../src/adapters/redis/vote-stream.ts'
import { listSeeds } from '../../src/runtime/redis-url.ts'
import type { AdapterOptions, Adapters } from './adapters.ts'
import { patientMs } from './adapters-redis.ts'
import { withLeastRights } from './least-rights.ts'
import { shareTestCluster } from './redis.ts'

export const connectTestCluster = async (
  redisUrl: string,
  settings: Pick<RedisSettings, 'commandTimeoutMs'> = {},
): Promise<RedisConnections<RedisCluster>> => {
  const seeds = listSeeds(redisUrl)
  if (seeds === null) throw new Error('not the URL of a cluster')
  const connections = connectCluster({ seeds, onError: () => undefined, ...settings })
  await connections.ready()
  return connections
}

/** The adapters of the full profile on a Redis Cluster, under a prefix of their own, with no more rights than the docs say they need. */
async function create(options: AdapterOptions = {}): Promise<Adapters> {
  const { redisUrl, prefix } = await shareTestCluster()
  const keys = createKeys(prefix, spreadTag)
  const connections = await connectTestCluster(withLeastRights(redisUrl), { commandTimeoutMs: patientMs })
  const { commands, cache, subscriber } = connections
  // What only a test asks for, nobody else has the right to.
  const { commands: asked, stop: stopAsking } = await connectTestCluster(redisUrl)
  const stream = createVoteStream(connections, keys)
  const feed = createTallyFeed(connections, keys, () => undefined)
  return {
    door: createVoteDoor(commands, keys, options),
    restoration: createDoorRestoration(commands, keys),
    stream,
    cache: createTallyCache(cache, keys),
    feed,
    viewerCounts: createViewerCounts(cache, keys),
    takeOut: async (partition, entries) => {
      const key = keys.stream(partition)
      await asked.at(key, async (redis) => redis.xdel(key, ...entries))
    },
    cutFeed: async () => {
      const cut = subscriber.primaries().map(async (redis) => {
        const isBack = once(redis, 'ready')
        redis.stream.destroy()
        await isBack
      })
      // Each has its own time, and what follows may be asked of any of them.
      await Promise.all(cut)
    },
    countSubscriptions: async (pollId) => {
      const channel = keys.pollUpdates(pollId)
      const [, count] = await asked.at(channel, async (redis) => redis.pubsub('SHARDNUMSUB', channel))
      return Number(count)
    },
    stop: async () => {
      feed.stop()
      stream.stop()
      connections.stop()
      stopAsking()
    },
  }
}

export const cluster = { name: 'redis cluster', create }
