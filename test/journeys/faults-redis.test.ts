import { describe, expect, test } from 'vitest'
import { survive } from '../support/fault-case.ts'
import {
  breakDisk,
  dropNews,
  fillRedis,
  killSubscriptions,
  loadSlowly,
  makeReadOnly,
  restartRedis,
} from '../support/faults/redis-faults.ts'
import { idleRemovals, removals } from '../support/faults/redis-losses.ts'
import { cutRecordedTail, cutUnrecordedTail, failOver } from '../support/faults/redis-shorter-log.ts'
import { createTestDatabase } from '../support/postgres.ts'
import { startTestRedis } from '../support/redis.ts'
import { startServerProcess } from '../support/server-process.ts'
import { useSystem } from '../support/system.ts'

/** The longest wait for an answer that docs/guarantees.md names (G7), and a second for a machine that is busy. */
const plan = { answeredWithinMs: 2_500 + 1_000 }

describe('a Redis that fails while 400 people vote in each second', () => {
  const system = useSystem({ apis: 2, workers: 2, partitions: 2, redis: 'own', hasWays: true })

  test.each([
    restartRedis('SIGTERM', 'a Redis that is restarted: votes are told to come back at once, and go on within 10 s'),
    restartRedis('SIGKILL', 'a Redis that is killed and started again has every accepted vote'),
    fillRedis,
    makeReadOnly,
    breakDisk,
    loadSlowly,
    killSubscriptions,
    dropNews,
  ])('$fact', async (fault) => {
    await survive(system(), fault, plan)
  })
})

describe('a Redis that forgets while 400 people vote in each second', () => {
  const system = useSystem({ apis: 2, workers: 2, partitions: 2, redis: 'own', hasWays: true })

  test.each([...removals, ...idleRemovals, cutRecordedTail, cutUnrecordedTail, failOver])('$fact', async (fault) => {
    await survive(system(), fault, plan)
  })
})

test('an api does not start on a Redis that evicts or syncs too rarely: it ends with a fault and the lines that mend it', async () => {
  const database = await createTestDatabase()
  await using redis = await startTestRedis(['--maxmemory-policy', 'allkeys-lru', '--appendfsync', 'everysec'])
  const env = { DATABASE_URL: database.databaseUrl, REDIS_URL: redis.redisUrl, PORT: '0', OPS_PORT: '0' }
  const api = startServerProcess({ name: 'api', program: 'api', env: { ...env, ADMIN_GRPC_URL: '127.0.0.1:1' } })
  try {
    expect(await api.ended(30_000)).toEqual({ exitCode: 1, signal: null })
    expect(api.output()).toMatch(/maxmemory-policy is allkeys-lru/)
    expect(api.output()).toMatch(/appendfsync is everysec/)
    expect(api.output()).toMatch(/redis-cli CONFIG SET maxmemory-policy noeviction/)
    expect(api.output()).toMatch(/redis-cli CONFIG SET appendfsync always/)
  } finally {
    await api.stop()
    await database.drop()
  }
})
