import type { Poll } from '../../domain/poll.ts'
import type { Tally } from '../../domain/tally.ts'
import type { TallyCache } from '../../ports/tally-cache.ts'
import { orUnavailable } from './faults.ts'
import type { Keys } from './keys.ts'
import { loadScript } from './scripts.ts'
import { onServerOf, readFields, type Servers } from './servers.ts'

const putScript = loadScript('cache-put')

/** The cache in Redis: per poll a hash for the tally and one for the definition, each with its version and its JSON. */
export function createTallyCache(servers: Servers, keys: Keys): TallyCache {
  const put = (key: string, version: number, body: unknown): Promise<void> =>
    orUnavailable('cache', async () => {
      await putScript(servers, [key], [version, JSON.stringify(body)])
    })
  const get = (key: string): Promise<unknown> =>
    orUnavailable('cache', async () => {
      const body = await onServerOf(servers, key, (redis) => redis.hget(key, 'body'))
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
        const versions = await readFields(
          servers,
          pollIds.flatMap((pollId) => [
            [keys.tally(pollId), 'version'],
            [keys.definition(pollId), 'version'],
          ]),
        )
        return pollIds.map((_pollId, at) => ({
          version: readVersion(versions[2 * at]),
          revision: readVersion(versions[2 * at + 1]),
        }))
      }),
    expire: (pollId, afterMs) =>
      orUnavailable('cache', async () => {
        const expire = (key: string): Promise<number> =>
          onServerOf(servers, key, (redis) => redis.pexpire(key, Math.ceil(afterMs)))
        await Promise.all([expire(keys.tally(pollId)), expire(keys.definition(pollId))])
      }),
  }
}

function readVersion(version: string | null | undefined): number | null {
  return version === null ? null : Number(version)
}
