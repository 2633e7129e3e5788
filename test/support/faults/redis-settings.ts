// Redis is set to keep less than was declared.
import type { Redis } from 'ioredis'
import { expect } from 'vitest'
import type { Fault } from '../fault-case.ts'
import { startServerProcess } from '../server-process.ts'
import { sumMetric } from '../sum-metric.ts'
import type { System } from '../system.ts'
import { waitUntil } from '../wait-until.ts'
import { withRedis } from './redis-scene.ts'

const noticedWithinMs = 15_000
const endsWithinMs = 30_000
const declared = { appendfsync: 'always', 'maxmemory-policy': 'noeviction' }
const weaker = { appendfsync: 'everysec', 'maxmemory-policy': 'allkeys-lru' }

const configure = async (redis: Redis, settings: Readonly<Record<string, string>>): Promise<void> => {
  for (const [name, value] of Object.entries(settings)) await redis.config('SET', name, value)
}

/** It evicts, and syncs once a second, until an operator has set it right. */
export const weakenRedis: Fault = {
  fact: 'a Redis that is set to evict and to sync too rarely is told of by metric and log, with what mends it, until it is mended; votes go on, and no other api starts on it',
  async inject({ system, load }) {
    const { apis } = system
    const written = apis.map((api) => api.written())
    const acceptedBefore = load.accepted()
    const tell = async (problems: number, ...lines: readonly RegExp[]): Promise<void> => {
      const told = async (): Promise<boolean> =>
        (await sumMetric(apis, 'tallycast_stream_durability_problems')) === problems &&
        apis.every((api, index) => lines.every((line) => line.test(api.outputSince(written[index] ?? 0))))
      await waitUntil(told, { withinMs: noticedWithinMs, what: `each api tells of ${problems} problems in all` })
    }
    return withRedis(system, async (redis) => {
      let isRefused = false
      try {
        await configure(redis, weaker)
        await tell(
          2 * apis.length,
          /"level":50.*maxmemory-policy is allkeys-lru.*appendfsync is everysec.*keeps votes less well/,
          /redis-cli CONFIG SET appendfsync always/,
        )
        isRefused = await refusesToStart(system)
      } finally {
        await configure(redis, declared)
      }
      await tell(0, /keeps votes as declared again/)
      return {
        'apis that told of it': apis.length,
        'apis that did not start': Number(isRefused),
        'votes accepted meanwhile': load.accepted() - acceptedBefore,
      }
    })
  },
}

/** One more api is started, and ends with a fault and the lines that mend it. */
const refusesToStart = async ({ database, redisUrl, redisPrefix }: System): Promise<boolean> => {
  const servers = { DATABASE_URL: database.databaseUrl, REDIS_URL: redisUrl, REDIS_PREFIX: redisPrefix }
  const env = { ...servers, PORT: '0', OPS_PORT: '0', ADMIN_GRPC_URL: '127.0.0.1:1' }
  const api = startServerProcess({ name: 'one more api', program: 'api', env })
  try {
    expect(await api.ended(endsWithinMs)).toEqual({ exitCode: 1, signal: null })
    expect(api.output()).toMatch(/maxmemory-policy is allkeys-lru/)
    expect(api.output()).toMatch(/appendfsync is everysec/)
    expect(api.output()).toMatch(/redis-cli CONFIG SET maxmemory-policy noeviction/)
    expect(api.output()).toMatch(/redis-cli CONFIG SET appendfsync always/)
    return true
  } finally {
    await api.stop()
  }
}
