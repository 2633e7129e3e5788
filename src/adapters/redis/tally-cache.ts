import type { Redis } from 'ioredis'
import type { Poll } from '../../domain/poll.ts'
import type { Tally } from '../../domain/tally.ts'
import type { TallyCache } from '../../ports/tally-cache.ts'
import { orUnavailable } from './faults.ts'
import type { Keys } from './keys.ts'
import { loadScript } from './scripts.ts'

const putScript = loadScript('cache-put')

/** The cache in Redis: per poll a hash for the tally and one for the definition, each with its version and its JSON. */
export function createTallyCache(redis: Redis, keys: Keys): TallyCache {
  const put = (key: string, version: number, body: unknown): Promise<void> =>
    orUnavailable('cache', async () => {
      await putScript(redis, [key], [version, JSON.stringify(body)])
    })
  const get = (key: string): Promise<unknown> =>
    orUnavailable('cache', async () => {
      const body = await redis.hget(key, 'body')
      return body === null ? null : JSON.parse(body)
    })
  return {
    putTally: (tally) => put(keys.tally(tally.pollId), tally.version, tally),
    putPoll: (poll) => put(keys.definition(poll.id), poll.revision, poll),
    // The casts are of what the two methods above wrote.
    getTally: async (pollId) => (await get(keys.tally(pollId))) as Tally | null,
    getPoll: async (pollId) => (await get(keys.definition(pollId))) as Poll | null,
    versions: (pollIds) =>
      orUnavailable('cache', async () => {
        const pipeline = redis.pipeline()
        for (const pollId of pollIds) {
          pipeline.hget(keys.tally(pollId), 'version').hget(keys.definition(pollId), 'version')
        }
        const replies = (await pipeline.exec()) ?? []
        return pollIds.map((_pollId, at) => ({
          version: readVersion(replies[2 * at]),
          revision: readVersion(replies[2 * at + 1]),
        }))
      }),
    expire: (pollId, afterMs) =>
      orUnavailable('cache', async () => {
        await Promise.all([
          redis.pexpire(keys.tally(pollId), Math.ceil(afterMs)),
          redis.pexpire(keys.definition(pollId), Math.ceil(afterMs)),
        ])
      }),
  }
}

function readVersion(reply: [error: Error | null, result: unknown] | undefined): number | null {
  if (reply === undefined) throw new Error('a pipeline left a command without an answer')
  const [error, version] = reply
  if (error !== null) throw error
  return version === null ? null : Number(version)
}
