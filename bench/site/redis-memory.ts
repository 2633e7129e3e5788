import type { Redis } from 'ioredis'
import { connectRedis } from '../../src/adapters/redis/connect.ts'
import { createKeys } from '../../src/adapters/redis/keys.ts'
import type { Installation } from './installation.ts'

/** Redis looks at every one of millions of voters, and says nothing meanwhile. */
const commandTimeoutMs = 120_000

export type RedisMemory = {
  /** What the doors of this poll and their voters take. */
  readonly doorBytes: number
  /** What the whole stream takes, with what the ledger has already. */
  readonly streamBytes: number
  /** Votes that were ever put into the stream. */
  readonly streamVotes: number
}

export async function readRedisMemory(
  { redisUrl }: Pick<Installation, 'redisUrl'>,
  pollId: string,
  partitions: number,
): Promise<RedisMemory> {
  return askRedis(redisUrl, async (redis) => {
    const keys = createKeys()
    /** All of it rather than an estimate from a few samples. */
    const bytesOf = async (key: string): Promise<number> => (await redis.memory('USAGE', key, 'SAMPLES', 0)) ?? 0
    let [doorBytes, streamBytes, streamVotes] = [0, 0, 0]
    for (let partition = 0; partition < partitions; partition += 1) {
      doorBytes += (await bytesOf(keys.door(partition, pollId))) + (await bytesOf(keys.voters(partition, pollId)))
      streamBytes += await bytesOf(keys.stream(partition))
      streamVotes += Number((await redis.get(keys.voteCount(partition))) ?? 0)
    }
    return { doorBytes, streamBytes, streamVotes }
  })
}

/** Votes that the log has ever taken, of all partitions: whoever is answered 202 is among them. */
export async function countAppended({ redisUrl }: Pick<Installation, 'redisUrl'>, partitions = 1): Promise<number> {
  return askRedis(redisUrl, async (redis) => {
    const keys = createKeys()
    let appended = 0
    for (let partition = 0; partition < partitions; partition += 1) {
      appended += Number((await redis.get(keys.voteCount(partition))) ?? 0)
    }
    return appended
  })
}

async function askRedis<Told>(redisUrl: string | null, ask: (redis: Redis) => Promise<Told>): Promise<Told> {
  if (redisUrl === null) throw new Error('there is no Redis to be asked')
  const connections = connectRedis({ url: redisUrl, commandTimeoutMs })
  try {
    await connections.ready()
    return await ask(connections.commands)
  } finally {
    connections.stop()
  }
}
