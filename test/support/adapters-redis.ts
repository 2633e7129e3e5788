import { connectRedis } from '../../src/adapters/redis/connect.ts'
import { createDoorRestoration } from '../../src/adapters/redis/door-restoration.ts'
import { createKeys } from '../../src/adapters/redis/keys.ts'
import { createTallyCache } from '../../src/adapters/redis/tally-cache.ts'
import { createTallyFeed } from '../../src/adapters/redis/tally-feed.ts'
import { createViewerCounts } from '../../src/adapters/redis/viewer-counts.ts'
import { createVoteDoor } from '../../src/adapters/redis/vote-door.ts'
import { createVoteStream } from '../../src/adapters/redis/vote-stream.ts'
import type { AdapterOptions, Adapters } from './adapters.ts'
import { shareTestRedis } from './redis.ts'
import { startTcpProxy } from './tcp-proxy.ts'

/** The machine may be somebody else's for a moment, and no suite of a port is about that. */
export const patientMs = 10_000

/** The adapters of the full profile, under a prefix of their own. News arrives through a proxy that the test can break. */
async function create(options: AdapterOptions = {}): Promise<Adapters> {
  const { redisUrl, prefix } = shareTestRedis()
  const keys = createKeys(prefix)
  const feedUrl = new URL(redisUrl)
  const proxy = await startTcpProxy(feedUrl.hostname, Number(feedUrl.port))
  feedUrl.host = `127.0.0.1:${proxy.port}`

  const connections = connectRedis({ url: redisUrl, commandTimeoutMs: patientMs, onError: () => undefined })
  const feedConnections = connectRedis({ url: feedUrl.href, commandTimeoutMs: patientMs, onError: () => undefined })
  await Promise.all([connections.ready(), feedConnections.ready()])
  const stream = createVoteStream(connections, keys)
  const { publisher } = connections
  const feed = createTallyFeed({ publisher, subscriber: feedConnections.subscriber }, keys, () => undefined)
  return {
    door: createVoteDoor(connections.commands, keys, options),
    restoration: createDoorRestoration(connections.commands, keys),
    stream,
    cache: createTallyCache(connections.cache, keys),
    feed,
    viewerCounts: createViewerCounts(connections.cache, keys),
    takeOut: async (partition, entries) => {
      await connections.commands.xdel(keys.stream(partition), ...entries)
    },
    cutFeed: async () => proxy.cut(),
    countSubscriptions: async (pollId) => {
      const [, count] = await connections.commands.pubsub('NUMSUB', keys.pollUpdates(pollId))
      return Number(count)
    },
    stop: async () => {
      feed.stop()
      stream.stop()
      connections.stop()
      feedConnections.stop()
      await proxy.stop()
    },
  }
}

export const redis = { name: 'redis', create }
