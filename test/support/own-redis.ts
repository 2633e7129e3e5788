import { connectRedis } from '../../src/adapters/redis/connect.ts'
import { createDoorRestoration } from '../../src/adapters/redis/door-restoration.ts'
import { createKeys } from '../../src/adapters/redis/keys.ts'
import { createTallyCache } from '../../src/adapters/redis/tally-cache.ts'
import { createTallyFeed } from '../../src/adapters/redis/tally-feed.ts'
import { createVoteDoor, type Replication } from '../../src/adapters/redis/vote-door.ts'
import { createVoteStream } from '../../src/adapters/redis/vote-stream.ts'
import { patientMs } from './adapters-redis.ts'
import { startTestRedis, type TestRedis } from './redis.ts'

/** What a command may take where a test is about that. */
export const hastyMs = 500

/** The adapters on a Redis of their own, for a test that takes it away, fills it or breaks it. */
export const startOwnRedis = async (
  args: readonly string[] = [],
  replication: Replication | null = null,
  under: readonly string[] = [],
  commandTimeoutMs = patientMs,
) => {
  const server: TestRedis = await startTestRedis(args, under)
  const keys = createKeys()
  const connections = connectRedis({ url: server.redisUrl, commandTimeoutMs, onError: () => undefined })
  await connections.ready()
  const stream = createVoteStream(connections, keys)
  const feed = createTallyFeed(connections, keys, () => undefined)
  return {
    server,
    connections,
    keys,
    door: createVoteDoor(connections.commands, keys, { replication }),
    restoration: createDoorRestoration(connections.commands, keys),
    stream,
    cache: createTallyCache(connections.cache, keys),
    feed,
    [Symbol.asyncDispose]: async (): Promise<void> => {
      feed.stop()
      stream.stop()
      connections.stop()
      await server.stop()
    },
  }
}
